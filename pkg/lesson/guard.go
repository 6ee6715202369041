package lesson

import (
	"fmt"
	"io/fs"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// verbs are the commands of kubectl that a lesson may use, with whether they only read. A word that is not one of
// kubectl's own would start a plugin, which is any program of the learner's machine.
func verbs() map[string]bool {
	const reads, writes = true, false
	return map[string]bool{
		"annotate": writes, "api-resources": reads, "api-versions": reads, "apply": writes, "attach": writes,
		"auth": reads, "autoscale": writes, "cluster-info": reads, "cordon": writes, "create": writes, "debug": writes,
		"delete": writes, "describe": reads, "diff": reads, "drain": writes, "edit": writes, "events": reads,
		"exec": writes, "explain": reads, "expose": writes, "get": reads, "label": writes, "learn": reads, "logs": reads,
		"patch": writes, "port-forward": reads, "replace": writes, "rollout": writes, "run": writes, "scale": writes,
		"set": writes, "taint": writes, "top": reads, "uncordon": writes, "version": reads, "wait": reads,
	}
}

// guard refuses what an untrusted lesson may not ask a learner to type: other programs, other
// clusters, other namespaces to write to, the learner's files, and what reaches beyond the lesson.
func (o Options) guard(args []string) (what, instead string) {
	if o.Trust {
		return "", ""
	}
	verb := ""
	if len(args) > 1 {
		verb = args[1]
	}
	reads, known := verbs()[verb]
	switch {
	case verb == "" || strings.HasPrefix(verb, "-"):
		return "the command has no verb behind kubectl", "write it as kubectl get …, flags after the verb"
	case !known:
		return fmt.Sprintf("kubectl %s is not for lessons", verb), didYouMean(verb, sortedKeys(verbs()), "use one of: ")
	}
	if verb == "learn" {
		return guardLearn(args[2:])
	}
	for i, arg := range args[2:] {
		if arg == "--" {
			break // what follows runs in a container
		}
		next := ""
		if i+3 < len(args) {
			next = args[i+3]
		}
		if what, instead := guardFlag(arg, next, reads); what != "" {
			return what, instead
		}
	}
	return guardTarget(verb, args[2:])
}

func guardFlag(arg, next string, reads bool) (what, instead string) {
	if !strings.HasPrefix(arg, "-") {
		return "", ""
	}
	name, value, inline := strings.Cut(arg, "=")
	if !inline {
		value = next
		if len(arg) > 2 && !strings.HasPrefix(arg, "--") { // -fweb.yaml, -nkube-system
			name, value = arg[:2], arg[2:]
		}
	}
	switch name {
	case "--kubeconfig", "--context", "--cluster", "--user", "--server", "-s", "--token", "--as", "--as-group", "--as-uid",
		"--client-certificate", "--client-key", "--certificate-authority", "--insecure-skip-tls-verify", "--tls-server-name",
		"--username", "--password", "--proxy-url", "--kuberc":
		return fmt.Sprintf("%s leads to another cluster or to another person's rights", name), "take it out: the practice shell knows its cluster"
	case "--privileged", "--overrides", "--profile", "--raw":
		return fmt.Sprintf("%s reaches beyond what a lesson may do", name), "take it out"
	case "-n", "--namespace", "-A", "--all-namespaces":
		if !reads {
			return fmt.Sprintf("%s changes another namespace", name), "take it out: the practice shell is in the lesson's namespace"
		}
	case "-f", "--filename", "-k", "--kustomize", "--from-file", "--from-env-file", "--patch-file":
		return guardFile(value)
	}
	return "", ""
}

// guardFile allows files of the lesson's folder only. A value may be key=file. For kubectl logs
// and some others -f has no value: what follows is then another flag or a name, which passes.
func guardFile(value string) (what, instead string) {
	if _, file, keyed := strings.Cut(value, "="); keyed {
		value = file
	}
	value = strings.TrimPrefix(value, "./")
	if value == "" || value == "-" || strings.HasPrefix(value, "-") || fs.ValidPath(strings.ReplaceAll(value, "{{", "")) && !strings.Contains(value, ":") {
		return "", ""
	}
	return fmt.Sprintf("%q is not a file of the lesson's folder", value), "name a file beside the lesson, or use kubectl create and kubectl run"
}

// guardTarget refuses to change what belongs to the whole cluster. Nodes may be cordoned, drained, labelled and tainted.
func guardTarget(verb string, args []string) (what, instead string) {
	for _, arg := range args {
		if strings.HasPrefix(arg, "-") {
			continue
		}
		word, _, _ := strings.Cut(arg, "/")
		for _, one := range strings.Split(word, ",") {
			kind, known := snapshot.KindNamed(one)
			if !known || kind.Namespaced {
				continue
			}
			switch verb {
			case "create", "delete", "edit", "patch", "replace", "debug":
				return fmt.Sprintf("kubectl %s %s changes what belongs to the whole cluster", verb, one), "a lesson changes its own namespace only, unless it is trusted"
			}
		}
		break // the first word names the kind
	}
	return "", ""
}

// guardLearn allows the commands that show something.
func guardLearn(args []string) (what, instead string) {
	allowed := []string{"check", "hint", "explain", "why", "trace", "map", "heal", "list", "progress", "version"}
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	for _, a := range allowed {
		if a == verb {
			return "", ""
		}
	}
	if verb == "cluster" && len(args) > 1 {
		switch args[1] {
		case "status", "list", "logs", "node":
			return "", ""
		}
	}
	return fmt.Sprintf(plugin.Command+" %s is not for lessons", strings.Join(args, " ")), didYouMean(verb, allowed, "use one of: ")
}
