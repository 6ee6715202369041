package applet

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func date(t *task.Task) int {
	o, args, ok := options(t, "uRd:s:r:I::D:", "utc=u", "date=d", "reference=r", "rfc-2822=R", "iso-8601=I")
	// -I takes its precision attached only, which the parser above cannot know.
	iso := ""
	var rest []string
	for _, a := range t.Args[1:] {
		if strings.HasPrefix(a, "-I") || strings.HasPrefix(a, "--iso-8601") {
			_, v, _ := strings.Cut(strings.TrimPrefix(a, "-I"), "=")
			if v == "" {
				v = strings.TrimPrefix(strings.TrimPrefix(a, "-I"), "-iso-8601")
			}
			iso = v
			if iso == "" {
				iso = "date"
			}
			continue
		}
		rest = append(rest, a)
	}
	if iso != "" {
		c := *t
		c.Args = append([]string{t.Args[0]}, rest...)
		o, args, ok = options(&c, "uRd:s:r:D:", "utc=u", "date=d")
	}
	if !ok {
		return 1
	}
	at := t.Now()
	if tz := t.Getenv("TZ"); tz == "" || o.has('u') {
		at = at.UTC()
	} else if loc, err := time.LoadLocation(tz); err == nil {
		at = at.In(loc)
	} else {
		at = at.UTC()
	}
	if d := o.value('d', ""); d != "" {
		parsed, err := parseDate(d)
		if err != nil {
			t.Errorf("invalid date '%s'", d)
			return 1
		}
		at = parsed
	}
	if o.has('s') {
		t.Errorf("can't set date: Operation not permitted")
		return 1
	}
	switch {
	case len(args) > 0 && strings.HasPrefix(args[0], "+"):
		t.Printf("%s\n", strftime(args[0][1:], at))
	case len(args) > 0:
		t.Errorf("invalid date '%s'", args[0])
		return 1
	case iso != "":
		f, ok := map[string]string{"date": "%Y-%m-%d", "seconds": "%Y-%m-%dT%H:%M:%S%:z", "minutes": "%Y-%m-%dT%H:%M%:z", "hours": "%Y-%m-%dT%H%:z", "ns": "%Y-%m-%dT%H:%M:%S,%N%:z"}[iso]
		if !ok {
			t.Errorf("invalid argument '%s' for '--iso-8601'", iso)
			return 1
		}
		t.Printf("%s\n", strftime(f, at))
	case o.has('R'):
		t.Printf("%s\n", at.Format(time.RFC1123Z))
	default:
		t.Printf("%s\n", strftime("%a %b %e %H:%M:%S %Z %Y", at))
	}
	return 0
}

func parseDate(s string) (time.Time, error) {
	if sec, ok := strings.CutPrefix(s, "@"); ok {
		n, err := strconv.ParseInt(sec, 10, 64)
		return time.Unix(n, 0).UTC(), err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01-02T15:04:05"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("invalid date %q", s)
}

func strftime(format string, at time.Time) string {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		if strings.HasPrefix(format[i:], ":z") {
			out.WriteString(at.Format("-07:00"))
			i++
			continue
		}
		digits := 9
		if format[i] >= '1' && format[i] <= '9' && i+1 < len(format) && format[i+1] == 'N' {
			digits = int(format[i] - '0')
			i++
		}
		switch c := format[i]; c {
		case 's':
			out.WriteString(strconv.FormatInt(at.Unix(), 10))
		case 'N':
			out.WriteString(fmt.Sprintf("%09d", at.Nanosecond())[:digits])
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case 'j':
			fmt.Fprintf(&out, "%03d", at.YearDay())
		case 'u':
			out.WriteString(strconv.Itoa((int(at.Weekday())+6)%7 + 1))
		case 'w':
			out.WriteString(strconv.Itoa(int(at.Weekday())))
		case '%':
			out.WriteByte('%')
		default:
			if layout, ok := layouts()[c]; ok {
				out.WriteString(at.Format(layout))
			} else {
				out.WriteByte('%')
				out.WriteByte(c)
			}
		}
	}
	return out.String()
}

func layouts() map[byte]string {
	return map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM", 'a': "Mon", 'A': "Monday",
		'b': "Jan", 'B': "January", 'h': "Jan", 'y': "06", 'Z': "MST", 'z': "-0700", 'T': "15:04:05", 'F': "2006-01-02", 'D': "01/02/06", 'R': "15:04",
		'c': "Mon Jan _2 15:04:05 2006", 'x': "01/02/06", 'X': "15:04:05", 'l': "_3", 'k': "15"}
}
