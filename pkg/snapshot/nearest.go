package snapshot

// Nearest returns the word of the list that a slip of the keyboard turns into the given one, for
// "did you mean"; empty when none is near. Of equally near words the first of the list is taken.
func Nearest(word string, list []string) string {
	limit := max((len([]rune(word))+1)/3, 1)
	best, bestDistance := "", limit+1
	for _, candidate := range list {
		if d := distance(word, candidate); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	if bestDistance >= len([]rune(word)) {
		return ""
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of neighbours between two
// words (the optimal string alignment distance).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
