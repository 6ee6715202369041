package lesson

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestCommandsHandOverNothingThatReachesTheNode(t *testing.T) {
	const before = "---\nid: x\ntitle: X\nsummary: X.\nminutes: 1\n---\nX.\n\n## Step\nX.\n\n```sh do\n"
	files := func(command string) fstest.MapFS {
		return fstest.MapFS{
			"x/lesson.md": {Data: []byte(before + command + "\n```\n")},
			"x/host.yaml": {Data: []byte("kind: Pod\nspec: {volumes: [{name: h, hostPath: {path: /}}]}\n")},
			"x/fine.yaml": {Data: []byte("kind: Pod\nspec: {containers: [{name: c, image: nginx}]}\n")},
		}
	}
	for command, reach := range map[string]string{
		`kubectl patch deployment web -p "spec: {template: {spec: {hostPID: true}}}"`:                        "hostPID",
		`kubectl patch deployment web --patch="spec: {containers: [{securityContext: {privileged: true}}]}"`: "privileged",
		`kubectl apply -f host.yaml`:                            "hostPath",
		`kubectl apply -f fine.yaml`:                            "",
		`kubectl patch deployment web -p "spec: {replicas: 3}"`: "",
	} {
		_, err := Parse(files(command), "x/lesson.md")
		found := err != nil && strings.Contains(err.Error(), "reaches beyond the lesson's Pods")
		if found != (reach != "") || found && !strings.Contains(err.Error(), reach) {
			t.Errorf("%s: %v, want the complaint %q", command, err, reach)
		}
		if _, err := (Options{Trust: true}).Parse(files(command), "x/lesson.md"); err != nil && strings.Contains(err.Error(), "reaches beyond") {
			t.Errorf("%s: a trusted lesson is refused: %v", command, err)
		}
	}
}
