package learn

import (
	"slices"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
)

// TestInOrder has flags in all the places where people put them.
func TestInOrder(t *testing.T) {
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	root := New(cmd.NewApp(streams, cmd.Deps{}))
	for _, tt := range []struct{ typed, want string }{
		{"map -A --watch", "map -A --watch"},
		{"-A map --watch", "map -A --watch"},
		{"--all-namespaces map", "map --all-namespaces"},
		{"-n shop why deployment/web", "why -n shop deployment/web"},
		{"--namespace shop why", "why --namespace shop"},
		{"--namespace=shop why", "why --namespace=shop"},
		{"-ojson list", "list -ojson"},
		{"-An shop map", "map -An shop"},
		{"-Ao name map", "map -Ao name"},
		{"-Aojson map", "map -Aojson"},
		{"-qo json author test ./x", "author test -qo json ./x"},
		{"-o json cluster status", "cluster status -o json"},
		{"cluster -o json status", "cluster status -o json"},
		{"--name demo cluster --yes delete", "cluster delete --name demo --yes"},
		{"--context x --name y", "--context x --name y"},
		{"--name y kubectl -- get -A pods", "kubectl --name y -- get -A pods"},
		{"--yes heal deployment/web --kill pod", "heal --yes deployment/web --kill pod"},
		{"-h start", "start -h"},
		{"--nonsense value list", "list --nonsense value"},
		{"strat -o json", "strat -o json"},
		{"__complete -A map ", "__complete map -A "},
		{"__complete -A why pod/", "__complete why -A pod/"},
		{"__complete map -n ku", "__complete map -n ku"},
		{"__complete -n ku", "__complete explain -n ku"},
		{"__complete -n", "__complete -n"},
		{"__complete -o name st", "__complete st"},
		{"__complete -o js", "__complete -o js"},
		{"__complete --context x map -n ku", "__complete map --context x -n ku"},
		{"__complete cluster -o json st", "__complete cluster st"},
		{"__complete kubectl -- get po", "__complete kubectl -- get po"},
		{"__completeNoDesc ", "__completeNoDesc "},
		{"", ""},
	} {
		if got := inOrder(root, strings.Split(tt.typed, " ")); !slices.Equal(got, strings.Split(tt.want, " ")) {
			t.Errorf("%q is read as %q, want %q", tt.typed, got, tt.want)
		}
	}
}

// TestFlagsOfKubectl asks a command about the practice cluster for another one.
func TestFlagsOfKubectl(t *testing.T) {
	s := newStand(t)
	for _, args := range [][]string{{"list", "--context", "kind-dev"}, {"--namespace", "shop", "check"}, {"list", "-n", "shop"}} {
		_, complaint, code := s.run(args...)
		if code != 2 || !strings.Contains(complaint, "cluster adopt --context NAME") {
			t.Errorf("%v: exit code %d\n%s", args, code, complaint)
		}
	}
}

// TestArgumentsInPlainWords gives commands too many arguments, or too few.
func TestArgumentsInPlainWords(t *testing.T) {
	s := newStand(t)
	for typed, want := range map[string]string{
		"version please":        `kubectl learn version takes no arguments, and got "please"`,
		"author new":            "something is missing: kubectl learn author new ID",
		"cluster build-image a": "something is missing: kubectl learn cluster build-image NAME[:TAG] PATH",
		"cluster load-images":   "something is missing: kubectl learn cluster load-images FILE...",
		"start one two":         "too many arguments: kubectl learn start [LESSON]",
	} {
		_, complaint, code := s.run(strings.Fields(typed)...)
		if code != 2 || !strings.Contains(complaint, want) {
			t.Errorf("%s: exit code %d, %s", typed, code, complaint)
		}
	}
}
