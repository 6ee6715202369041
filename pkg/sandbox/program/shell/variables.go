package shell

import (
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}

// variables is the shell as the expansion of words sees it.
type variables struct{ s *Shell }

// Get returns a variable or special parameter.
func (v variables) Get(name string) expand.Variable {
	s := v.s
	str := func(x string) expand.Variable { return expand.Variable{Set: true, Kind: expand.String, Str: x} }
	switch name {
	case "#":
		return str(strconv.Itoa(len(s.params)))
	case "@", "*":
		return expand.Variable{Set: true, Kind: expand.Indexed, List: append([]string{}, s.params...)}
	case "?":
		return str(strconv.Itoa(s.status))
	case "$":
		return str(strconv.Itoa(s.pid))
	case "!":
		if s.jobs.last != 0 {
			return str(strconv.Itoa(s.jobs.last))
		}
		return expand.Variable{}
	case "-":
		return str(s.opts.flags(s.interactive))
	case "0":
		return str(s.name)
	case "RANDOM":
		return str(strconv.Itoa(rand.IntN(32768)))
	case "COLUMNS", "LINES":
		if tty := s.t.TTY(); tty != nil && s.dialect == Bash && s.interactive && !s.vars[name].Set {
			columns, lines := tty.Size()
			return str(strconv.Itoa(map[string]int{"COLUMNS": columns, "LINES": lines}[name]))
		}
	case "LINENO":
		return str(strconv.Itoa(int(s.line)))
	}
	if n, err := strconv.Atoi(name); err == nil {
		if n >= 1 && n <= len(s.params) {
			return str(s.params[n-1])
		}
		return expand.Variable{}
	}
	// ~user must not be looked up on the host.
	if user, ok := strings.CutPrefix(name, "HOME "); ok {
		if user == "root" {
			return str("/root")
		}
		return str("~" + user)
	}
	if name == "HOME" && !s.vars["HOME"].Set {
		return str("/root")
	}
	return s.vars[name]
}

// Each calls f for all variables.
func (v variables) Each(f func(name string, vr expand.Variable) bool) {
	for name, vr := range v.s.vars {
		if !f(name, vr) {
			return
		}
	}
}

// Set changes a variable, as ${x:=y} and arithmetic do.
func (v variables) Set(name string, vr expand.Variable) error { return v.s.set(name, vr) }

// set gives a variable a new value; what is exported stays so.
func (s *Shell) set(name string, vr expand.Variable) error {
	old := s.vars[name]
	if old.ReadOnly {
		return fmt.Errorf("%s: is read only", name)
	}
	if !vr.Set && vr.Kind != expand.KeepValue {
		delete(s.vars, name)
		return nil
	}
	if vr.Kind == expand.KeepValue {
		old.Exported, old.ReadOnly = old.Exported || vr.Exported, vr.ReadOnly
		s.vars[name] = old
		return nil
	}
	vr.Exported = vr.Exported || old.Exported || s.opts.allexport
	s.vars[name] = vr
	return nil
}

func (s *Shell) setString(name, value string) {
	_ = s.set(name, expand.Variable{Set: true, Kind: expand.String, Str: value})
}

func (s *Shell) get(name string) string { return variables{s}.Get(name).String() }

// configure makes the expansion's configuration, which belongs to one shell.
func (s *Shell) configure() {
	s.env = &expand.Config{
		Env:      variables{s},
		CmdSubst: s.substitute,
		NoUnset:  s.opts.nounset,
		ProcSubst: func(*syntax.ProcSubst) (string, error) {
			return "", fmt.Errorf("process substitution is not supported here")
		},
	}
	if !s.opts.noglob {
		s.env.ReadDir2 = func(p string) ([]fs.DirEntry, error) { return s.t.FS.ReadDir(filepath.ToSlash(p)) }
	}
}

// substitute runs $(…).
func (s *Shell) substitute(w io.Writer, cs *syntax.CmdSubst) error {
	if s.depth > maxDepth {
		return fmt.Errorf("maximum nesting level exceeded")
	}
	c := s.sub()
	c.out = w
	s.subst = 0
	if word := inputOnly(cs.Stmts); word != nil {
		f, err := c.openIn(c.literal(word))
		if err != nil {
			c.complain("%v", err)
			s.subst = 1
			return nil
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	}
	c.stmts(s.ctx, cs.Stmts)
	c.finish()
	s.subst = c.status
	return nil
}

// inputOnly returns the file of $(<file).
func inputOnly(stmts []*syntax.Stmt) *syntax.Word {
	if len(stmts) == 1 && stmts[0].Cmd == nil && len(stmts[0].Redirs) == 1 && stmts[0].Redirs[0].Op == syntax.RdrIn {
		return stmts[0].Redirs[0].Word
	}
	return nil
}

// expansionFailed reports an error of an expansion; a shell that is no terminal's ends with it.
func (s *Shell) expansionFailed(err error) {
	if err == nil {
		return
	}
	s.complain("%v", err)
	s.status = 2
	if s.dialect == Bash {
		s.status = 1
	}
	if !s.interactive {
		s.flow = flowExit
	} else {
		s.flow, s.levels = flowReturn, 0
	}
}

func (s *Shell) fields(words ...*syntax.Word) []string {
	f, err := expand.Fields(s.env, words...)
	s.expansionFailed(err)
	return f
}

func (s *Shell) literal(w *syntax.Word) string {
	l, err := expand.Literal(s.env, w)
	s.expansionFailed(err)
	return l
}

func (s *Shell) document(w *syntax.Word) string {
	l, err := expand.Document(s.env, w)
	s.expansionFailed(err)
	return l
}

func (s *Shell) pattern(w *syntax.Word) string {
	l, err := expand.Pattern(s.env, w)
	s.expansionFailed(err)
	return l
}

func (s *Shell) arithmetic(x syntax.ArithmExpr) int {
	n, err := expand.Arithm(s.env, x)
	s.expansionFailed(err)
	return n
}

// assign does name=value.
func (s *Shell) assign(as *syntax.Assign, exported bool) {
	name := as.Name.Value
	old := s.vars[name]
	vr := expand.Variable{Set: true, Kind: expand.String, Exported: exported}
	switch {
	case as.Array != nil:
		vr.Kind = expand.Indexed
		if as.Append {
			vr.List = append(vr.List, old.List...)
		}
		for _, e := range as.Array.Elems {
			vr.List = append(vr.List, s.fields(e.Value)...)
		}
	case as.Index != nil:
		vr = s.element(as, old)
	default:
		vr.Str = s.literal(as.Value)
		if as.Append {
			vr.Str = old.String() + vr.Str
		}
	}
	if s.flow != flowNone {
		return
	}
	if err := s.set(name, vr); err != nil {
		s.expansionFailed(err)
	}
	if s.opts.xtrace {
		fmt.Fprintf(s.err, "+ %s=%s\n", name, vr.Str)
	}
}

// element does name[index]=value.
func (s *Shell) element(as *syntax.Assign, old expand.Variable) expand.Variable {
	vr := expand.Variable{Set: true, Kind: expand.Indexed, List: slices.Clone(old.List), Exported: old.Exported}
	if old.Kind == expand.String && old.Set {
		vr.List = []string{old.Str}
	}
	i := s.arithmetic(as.Index)
	if i < 0 || i > 1<<16 {
		s.expansionFailed(fmt.Errorf("%s: bad array subscript", as.Name.Value))
		return vr
	}
	for len(vr.List) <= i {
		vr.List = append(vr.List, "")
	}
	value := s.literal(as.Value)
	if as.Append {
		value = vr.List[i] + value
	}
	vr.List[i] = value
	return vr
}

func (o options) flags(interactive bool) string {
	out := ""
	for _, f := range []struct {
		c  string
		on bool
	}{{"a", o.allexport}, {"e", o.errexit}, {"f", o.noglob}, {"i", interactive}, {"n", o.noexec}, {"u", o.nounset}, {"v", o.verbose}, {"x", o.xtrace}} {
		if f.on {
			out += f.c
		}
	}
	return out
}
