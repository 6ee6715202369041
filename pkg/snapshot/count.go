package snapshot

import "fmt"

// Count counts things: "1 Pod", "3 Pods".
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
