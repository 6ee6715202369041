package shell

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

func (s *Shell) setCommand(_ context.Context, args []string) int {
	args = args[1:]
	if len(args) == 0 {
		for _, name := range slices.Sorted(maps.Keys(s.vars)) {
			fmt.Fprintf(s.out, "%s=%s\n", name, singleQuote(s.vars[name].String()))
		}
		return 0
	}
	for len(args) > 0 && len(args[0]) > 1 && (args[0][0] == '-' || args[0][0] == '+') {
		a := args[0]
		args = args[1:]
		if a == "--" {
			s.params = append([]string{}, args...)
			return 0
		}
		for _, c := range a[1:] {
			var err error
			if c != 'o' {
				err = s.shortOption(c, a[0] == '-')
			} else if len(args) > 0 {
				err = s.option(args[0], a[0] == '-')
				args = args[1:]
			}
			if err != nil {
				s.complain("set: %v", err)
				return 2
			}
		}
	}
	if len(args) > 0 {
		s.params = append([]string{}, args...)
	}
	return 0
}

func singleQuote(v string) string { return "'" + strings.ReplaceAll(v, "'", `'"'"'`) + "'" }

func (s *Shell) unsetCommand(_ context.Context, args []string) int {
	vars, code := true, 0
	for _, a := range args[1:] {
		switch {
		case a == "-v":
		case a == "-f":
			vars = false
		case !vars:
			delete(s.funcs, a)
		case s.vars[a].ReadOnly:
			s.complain("unset: %s: is read only", a)
			code = 1
		default:
			if _, ok := s.vars[a]; !ok {
				delete(s.funcs, a)
			}
			delete(s.vars, a)
		}
	}
	return code
}

// declare runs export, readonly, local and declare as the parser gives them.
func (s *Shell) declare(cm *syntax.DeclClause) {
	args := []string{cm.Variant.Value}
	var assigns []*syntax.Assign
	for _, as := range cm.Args {
		switch {
		case as.Name != nil && !as.Naked && as.Array == nil && as.Index == nil && !as.Append:
			args = append(args, as.Name.Value+"="+s.literal(as.Value))
		case as.Name != nil && as.Naked:
			args = append(args, as.Name.Value)
		case as.Name != nil:
			assigns = append(assigns, as)
			args = append(args, as.Name.Value)
		default:
			args = append(args, s.fields(as.Value)...)
		}
	}
	if s.flow != flowNone {
		return
	}
	if s.status = s.declareCommand(s.ctx, args); s.status == 0 {
		for _, as := range assigns {
			s.assign(as, false)
		}
	}
}

func (s *Shell) declareCommand(_ context.Context, args []string) int {
	kind := args[0]
	exported, readOnly, local := kind == "export", kind == "readonly", kind == "local"
	remove := false
	names := args[1:]
	for len(names) > 0 && strings.HasPrefix(names[0], "-") {
		exported = exported || strings.Contains(names[0], "x")
		readOnly = readOnly || strings.Contains(names[0], "r")
		remove = remove || kind == "export" && names[0] == "-n"
		names = names[1:]
	}
	if (kind == "declare" || kind == "typeset") && len(s.frames) > 0 {
		local = true
	}
	if local && len(s.frames) == 0 {
		s.complain("local: not in a function")
		return 1
	}
	if len(names) == 0 && !local {
		s.listVariables(kind)
		return 0
	}
	for _, a := range names {
		name, value, has := strings.Cut(a, "=")
		if !syntax.ValidName(name) {
			s.complain("%s: %s: bad variable name", kind, name)
			return 2
		}
		if local {
			s.hide(name)
		}
		v := s.vars[name]
		if v.ReadOnly && has {
			s.complain("%s: is read only", name)
			return 2
		}
		if has {
			v = expand.Variable{Set: true, Kind: expand.String, Str: value, Exported: v.Exported}
		}
		v.Exported, v.ReadOnly = (v.Exported || exported) && !remove, v.ReadOnly || readOnly
		s.vars[name] = v
	}
	return 0
}

// hide keeps a variable's value until the function ends.
func (s *Shell) hide(name string) {
	frame := s.frames[len(s.frames)-1]
	if _, ok := frame[name]; ok {
		return
	}
	if v, ok := s.vars[name]; ok {
		frame[name] = &v
		delete(s.vars, name)
		return
	}
	frame[name] = nil
}

func (s *Shell) listVariables(kind string) {
	for _, name := range slices.Sorted(maps.Keys(s.vars)) {
		v := s.vars[name]
		if kind == "export" && v.Exported || kind == "readonly" && v.ReadOnly || kind == "declare" || kind == "typeset" {
			fmt.Fprintf(s.out, "%s %s=%s\n", kind, name, singleQuote(v.String()))
		}
	}
}
