package applet

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

func od(t *task.Task) int {
	o, names, ok := options(t, "cxbdA:t:N:v")
	if !ok {
		return 1
	}
	limit := int64(math.MaxInt64)
	if v := o.value('N', ""); v != "" {
		n, err := count(v)
		if err != nil {
			t.Errorf("invalid number '%s'", v)
			return 1
		}
		limit = int64(n)
	}
	at := 0
	code := eachInput(t, names, func(_ string, r io.Reader) error {
		b := make([]byte, 16)
		in := io.LimitReader(r, limit)
		for {
			n, err := io.ReadFull(in, b)
			if n > 0 {
				t.Printf("%07o", at)
				for _, c := range b[:n] {
					switch {
					case o.has('c') && c == '\n':
						t.Printf("  \\n")
					case o.has('c') && c >= ' ' && c < 127:
						t.Printf("   %c", c)
					case strings.HasPrefix(o.value('t', ""), "x") || o.has('x'):
						t.Printf(" %02x", c)
					default:
						t.Printf(" %03o", c)
					}
				}
				t.Printf("\n")
				at += n
			}
			if err != nil {
				return nil
			}
		}
	})
	t.Printf("%07o\n", at)
	return code
}

// hexdump knows the canonical form, -C, which is that of hd. Lines that repeat the one before are one *.
func hexdump(t *task.Task) int {
	o, names, ok := options(t, "Cvn:s:")
	if !ok {
		return 1
	}
	if !o.has('C') && t.Name() == "hexdump" {
		t.Errorf("the sandbox has hexdump -C only")
		return 1
	}
	var all []byte
	code := eachInput(t, names, func(_ string, r io.Reader) error {
		b, err := io.ReadAll(r)
		all = append(all, b...)
		return err
	})
	skip, serr := count(o.value('s', "0"))
	most, nerr := count(o.value('n', fmt.Sprint(len(all))))
	if serr != nil || nerr != nil {
		t.Errorf("invalid number")
		return 1
	}
	all = all[min(len(all), int(skip)):]
	all = all[:min(len(all), int(most))]
	last, starred := "", false
	for at := 0; at < len(all); at += 16 {
		line := all[at:min(at+16, len(all))]
		if !o.has('v') && len(line) == 16 && string(line) == last {
			if !starred {
				t.Printf("*\n")
			}
			starred = true
			continue
		}
		last, starred = string(line), false
		t.Printf("%08x  %-48s  |%s|\n", int(skip)+at, hexColumns(line), printable(line))
	}
	if len(all) > 0 {
		t.Printf("%08x\n", int(skip)+len(all))
	}
	return code
}

// hexColumns are 16 bytes in two groups of eight.
func hexColumns(line []byte) string {
	var out strings.Builder
	for i, c := range line {
		if i > 0 {
			out.WriteByte(' ')
		}
		if i == 8 {
			out.WriteByte(' ')
		}
		fmt.Fprintf(&out, "%02x", c)
	}
	return out.String()
}

func printable(line []byte) string {
	b := []byte(string(line))
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '.'
		}
	}
	return string(b)
}

func sum(t *task.Task) int {
	o, names, ok := options(t, "cbsw", "check=c", "status=s")
	if !ok {
		return 1
	}
	digest := func(r io.Reader) (string, error) {
		h := map[string]func() hash.Hash{"md5sum": md5.New, "sha1sum": sha1.New, "sha256sum": sha256.New}[t.Name()]()
		_, err := io.Copy(h, r)
		return hex.EncodeToString(h.Sum(nil)), err
	}
	if !o.has('c') {
		return eachInput(t, names, func(name string, r io.Reader) error {
			d, err := digest(r)
			if err == nil {
				t.Printf("%s  %s\n", d, name)
			}
			return err
		})
	}
	bad := 0
	code := eachInput(t, names, func(_ string, r io.Reader) error {
		return lines(r, func(l string) error {
			want, name, _ := strings.Cut(strings.TrimSpace(l), " ")
			name = strings.TrimLeft(name, " *")
			got := ""
			_ = withInput(t, name, func(_ string, r io.Reader) (err error) { got, err = digest(r); return err })
			if got == want {
				t.Printf("%s: OK\n", name)
				return nil
			}
			bad++
			t.Printf("%s: FAILED\n", name)
			return nil
		})
	})
	if bad > 0 {
		t.Errorf("WARNING: %d computed checksums did NOT match", bad)
		return 1
	}
	return code
}

func base64Code(t *task.Task) int {
	o, names, ok := options(t, "dw:Di", "decode=d", "wrap=w")
	if !ok {
		return 1
	}
	wrap, err := strconv.Atoi(o.value('w', "76"))
	if err != nil {
		t.Errorf("invalid number '%s'", o.value('w', ""))
		return 1
	}
	return eachInput(t, names, func(_ string, r io.Reader) error {
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if o.has('d') || o.has('D') {
			out, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(b)), ""))
			_, _ = t.Out.Write(out)
			return err
		}
		text := base64.StdEncoding.EncodeToString(b)
		for wrap > 0 && len(text) > wrap {
			t.Printf("%s\n", text[:wrap])
			text = text[wrap:]
		}
		if text != "" {
			t.Printf("%s", text)
			if wrap > 0 {
				t.Printf("\n")
			}
		}
		return nil
	})
}
