package main

// change is a line of a diff.
type change struct {
	sign byte // ' ', '-' or '+'
	text string
}

func (c change) String() string { return string(c.sign) + c.text }

// diff returns all lines of a and b, with as few of them as possible marked as being in one only.
func diff(a, b []string) []change {
	// common[i][j] is how many lines a[i:] and b[j:] have in common.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
				continue
			}
			common[i][j] = max(common[i+1][j], common[i][j+1])
		}
	}
	var out []change
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, change{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, change{'-', a[i]})
			i++
		default:
			out = append(out, change{'+', b[j]})
			j++
		}
	}
	return out
}

// near keeps the differing lines and so many lines around each; gaps become one line that says so.
func near(all []change, around int) []change {
	keep := make([]bool, len(all))
	for i, c := range all {
		if c.sign == ' ' {
			continue
		}
		for k := max(i-around, 0); k <= min(i+around, len(all)-1); k++ {
			keep[k] = true
		}
	}
	var out []change
	for i, c := range all {
		if keep[i] {
			out = append(out, c)
		} else if i > 0 && keep[i-1] {
			out = append(out, change{' ', "..."})
		}
	}
	return out
}
