package snapshot

import "strings"

// PlainError leaves out of a container runtime's error the layers that it came through.
func PlainError(text string) string {
	for _, layer := range []string{" desc = ", "failed to pull and unpack image ", "failed to resolve reference "} {
		head, inner, found := strings.Cut(text, layer)
		switch {
		case !found:
		case layer == " desc = ":
			before, _, _ := strings.Cut(head, "rpc error:")
			text = before + inner
		default: // the reference stands in quotes, and is said again after them
			if _, rest, quoted := strings.Cut(inner, "\": "); quoted {
				text = head + rest
			}
		}
	}
	return text
}

// PullsAnother says that a kubelet's message about a container that waits is about another image than the one that is
// asked for. For a moment after somebody changed the image, it is: the kubelet writes its old reason beside the new image.
func PullsAnother(message, image string) bool {
	said, found := strings.CutPrefix(message, `Back-off pulling image "`)
	if !found {
		return false
	}
	pulled, _, _ := strings.Cut(said, `"`)
	return image != "" && pulled != image
}
