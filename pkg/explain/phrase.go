package explain

import (
	"fmt"
	"strings"
)

// filled puts a word where a phrase wants one.
func filled(phrase, word string) string {
	if strings.Contains(phrase, "%") {
		return fmt.Sprintf(phrase, word)
	}
	return phrase
}

// filledSpace puts a namespace where a command names $NS.
func filledSpace(command, namespace string) string {
	return strings.ReplaceAll(command, "$NS", namespace)
}
