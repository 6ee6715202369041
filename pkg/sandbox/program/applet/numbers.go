package applet

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func seq(t *task.Task) int {
	args := t.Args[1:]
	sep, wide := "\n", false
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' && (args[0][1] == 's' || args[0][1] == 'w') {
		if args[0] == "-w" {
			wide = true
			args = args[1:]
		} else if args[0] == "-s" && len(args) > 1 {
			sep, args = args[1], args[2:]
		} else {
			sep, args = args[0][2:], args[1:]
		}
	}
	var n []float64
	decimals := 0
	for _, a := range args {
		f, err := strconv.ParseFloat(a, 64)
		if err != nil {
			t.Errorf("invalid number '%s'", a)
			return 1
		}
		if _, frac, ok := strings.Cut(a, "."); ok {
			decimals = max(decimals, len(frac))
		}
		n = append(n, f)
	}
	var last float64
	first, step := 1.0, 1.0
	switch len(n) {
	case 1:
		last = n[0]
	case 2:
		first, last = n[0], n[1]
	case 3:
		first, step, last = n[0], n[1], n[2]
	default:
		return usage(t, "[-w] [-s SEP] [FIRST [INC]] LAST")
	}
	if step == 0 {
		t.Errorf("increment is zero")
		return 1
	}
	width := 0
	if wide {
		width = max(len(strconv.FormatFloat(first, 'f', decimals, 64)), len(strconv.FormatFloat(last, 'f', decimals, 64)))
	}
	w := output(t)
	defer flush(w)
	for i := 0; ; i++ {
		v := first + float64(i)*step
		if step > 0 && v > last+1e-9 || step < 0 && v < last-1e-9 {
			if i > 0 {
				_, _ = w.WriteString("\n")
			}
			return 0
		}
		if i > 0 {
			_, _ = w.WriteString(sep)
		}
		if _, err := fmt.Fprintf(w, "%0*.*f", width, decimals, v); err != nil {
			return 1
		}
	}
}

// expr does + - * / % and comparisons, from left to right.
func expr(t *task.Task) int {
	a := t.Args[1:]
	if len(a) == 0 {
		return usage(t, "EXPRESSION")
	}
	if len(a) == 2 && a[0] == "length" {
		t.Printf("%d\n", len(a[1]))
		return 0
	}
	value := a[0]
	for a = a[1:]; len(a) >= 2; a = a[2:] {
		x, e1 := strconv.Atoi(value)
		y, e2 := strconv.Atoi(a[1])
		truth := func(b bool) string {
			if b {
				return "1"
			}
			return "0"
		}
		numeric := e1 == nil && e2 == nil
		switch a[0] {
		case "=":
			value = truth(value == a[1])
			continue
		case "!=":
			value = truth(value != a[1])
			continue
		}
		if !numeric {
			t.Errorf("non-numeric argument")
			return 2
		}
		switch a[0] {
		case "+":
			value = strconv.Itoa(x + y)
		case "-":
			value = strconv.Itoa(x - y)
		case "*":
			value = strconv.Itoa(x * y)
		case "/", "%":
			if y == 0 {
				t.Errorf("division by zero")
				return 2
			}
			if a[0] == "/" {
				value = strconv.Itoa(x / y)
			} else {
				value = strconv.Itoa(x % y)
			}
		case "<":
			value = truth(x < y)
		case "<=":
			value = truth(x <= y)
		case ">":
			value = truth(x > y)
		case ">=":
			value = truth(x >= y)
		default:
			t.Errorf("syntax error")
			return 2
		}
	}
	t.Printf("%s\n", value)
	if value == "0" || value == "" {
		return 1
	}
	return 0
}
