package lesson

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// guardContent refuses a command that hands the cluster what a given may not hold: in a patch that
// stands on the line, or in a file beside the lesson.
func (p *parser) guardContent(args []string) (what, instead string) {
	if p.options.Trust {
		return "", ""
	}
	for i, arg := range args {
		if arg == "--" {
			break
		}
		name, value := flagAt(args, i)
		var content []byte
		switch name {
		case "-p", "--patch":
			content = []byte(value)
		case "-f", "--filename", "--patch-file":
			// A file that is not there is the command's own mistake, and says so when it runs.
			content, _ = fs.ReadFile(p.fsys, path.Join(path.Dir(p.src.file), strings.TrimPrefix(value, "./")))
		default:
			continue
		}
		if reach := reaches(content); reach != "" {
			return fmt.Sprintf("%s in what %s hands over reaches beyond the lesson's Pods", reach, name), "a lesson from outside may not, unless it is trusted"
		}
	}
	return "", ""
}

// reaches names the first setting in YAML or JSON that leads from a Pod to its node; what can't be
// read has none.
func reaches(content []byte) string {
	decoder := yaml.NewDecoder(strings.NewReader(string(content)))
	for {
		var document yaml.Node
		if decoder.Decode(&document) != nil {
			return ""
		}
		if found := reach(&document); found != "" {
			return found
		}
	}
}

func reach(n *yaml.Node) string {
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i].Value, n.Content[i+1]
			on := value.Kind == yaml.ScalarNode && strings.EqualFold(value.Value, "true")
			switch key {
			case "hostNetwork", "hostPID", "hostIPC", "privileged", "hostProcess":
				if on {
					return key
				}
			case "hostPath", "procMount":
				return key
			case "hostPort":
				if value.Value != "0" {
					return key
				}
			case "capabilities":
				if mappingHas(value, "add") {
					return "capabilities.add"
				}
			}
		}
	}
	for _, c := range n.Content {
		if found := reach(c); found != "" {
			return found
		}
	}
	return ""
}
