package learn

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// inOrder puts flags that stand before a command's name behind it, as kubectl takes them in any order:
// of "-A map --watch" it makes "map -A --watch". cobra alone takes the word after a flag that it does not
// know at that point for the flag's value.
func inOrder(root *cobra.Command, args []string) []string {
	if len(args) > 1 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		return append(args[:1:1], toComplete(root, args[1:len(args)-1], args[len(args)-1])...)
	}
	o := sortOut(root, args)
	return slices.Concat(o.path, o.flags, o.rest)
}

// sorted are the words of a command line.
type sorted struct {
	at          *cobra.Command // what path leads to
	path, flags []string
	rest        []string
	// waits says that the last of the flags has no value yet.
	waits bool
}

func sortOut(root *cobra.Command, args []string) (o sorted) {
	o.at = root
	for len(args) > 0 {
		arg := args[0]
		if arg == "--" {
			break
		}
		if strings.HasPrefix(arg, "-") && arg != "-" {
			o.flags, args = append(o.flags, arg), args[1:]
			if o.waits = takesNext(o.at, arg); o.waits && len(args) > 0 {
				o.flags, args, o.waits = append(o.flags, args[0]), args[1:], false
			}
			continue
		}
		child := childOf(o.at, arg)
		if child == nil {
			break
		}
		o.at, o.path, args = child, append(o.path, arg), args[1:]
		if o.at.DisableFlagParsing || !o.at.HasSubCommands() {
			break
		}
	}
	o.rest = args
	return o
}

// toComplete is inOrder of a command line of which the last word is only begun. Where its command is still to
// come, cobra knows neither what that may be after a flag, nor a flag that only some commands have.
func toComplete(root *cobra.Command, args []string, begun string) []string {
	o := sortOut(root, args)
	if len(o.rest) == 0 && o.at.HasSubCommands() {
		switch {
		case o.waits:
			if has := having(o.at, o.flags[len(o.flags)-1]); has != nil {
				o.path = strings.Fields(has.CommandPath())[len(strings.Fields(root.CommandPath())):]
			}
		case !strings.HasPrefix(begun, "-"):
			o.flags = nil
		}
	}
	return append(slices.Concat(o.path, o.flags, o.rest), begun)
}

// having is the nearest command at or below c that has a flag, as it was typed.
func having(c *cobra.Command, arg string) *cobra.Command {
	name, long := strings.CutPrefix(arg, "--")
	if !long {
		name = arg[len(arg)-1:]
	}
	for row := []*cobra.Command{c}; len(row) > 0; {
		var below []*cobra.Command
		for _, one := range row {
			if ownFlag(one, name, long) != nil {
				return one
			}
			below = append(below, one.Commands()...)
		}
		row = below
	}
	return nil
}

func childOf(c *cobra.Command, name string) *cobra.Command {
	for _, child := range c.Commands() {
		if child.Name() == name || child.HasAlias(name) {
			return child
		}
	}
	return nil
}

// takesNext says that the word after a flag is its value: some command at or below c has a flag of that
// name which wants one. Where none has it, it does, as cobra thinks too.
func takesNext(c *cobra.Command, arg string) bool {
	if strings.Contains(arg, "=") {
		return false
	}
	if name, long := strings.CutPrefix(arg, "--"); long {
		flag := findFlag(c, name, true)
		return flag == nil || flag.NoOptDefVal == ""
	}
	letters := arg[1:] // several may stand together, as in -An; the rest of the first that wants a value is that, as in -ojson
	for i := range letters {
		flag := findFlag(c, letters[i:i+1], false)
		if flag == nil || flag.NoOptDefVal == "" {
			return i == len(letters)-1
		}
	}
	return false
}

func findFlag(c *cobra.Command, name string, long bool) *pflag.Flag {
	if flag := ownFlag(c, name, long); flag != nil {
		return flag
	}
	for _, child := range c.Commands() {
		if flag := findFlag(child, name, long); flag != nil {
			return flag
		}
	}
	return nil
}

// ownFlag is a flag that the command takes itself.
func ownFlag(c *cobra.Command, name string, long bool) *pflag.Flag {
	for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags(), c.InheritedFlags()} {
		if flag := lookup(flags, name, long); flag != nil {
			return flag
		}
	}
	return nil
}

func lookup(flags *pflag.FlagSet, name string, long bool) *pflag.Flag {
	if long {
		return flags.Lookup(name)
	}
	return flags.ShorthandLookup(name)
}
