package learn

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// inOrder puts flags that stand before a command's name behind it, as kubectl takes them in any order:
// of "-A map --watch" it makes "map -A --watch". cobra alone takes the word after a flag that it does not
// know at that point for the flag's value.
func inOrder(root *cobra.Command, args []string) []string {
	if len(args) == 0 || strings.HasPrefix(args[0], "__") { // cobra's own requests for completion
		return args
	}
	var path, flags []string
	at := root
	for len(args) > 0 {
		arg := args[0]
		if arg == "--" {
			break
		}
		if strings.HasPrefix(arg, "-") && arg != "-" {
			flags, args = append(flags, arg), args[1:]
			if len(args) > 0 && takesNext(at, arg) {
				flags, args = append(flags, args[0]), args[1:]
			}
			continue
		}
		child := childOf(at, arg)
		if child == nil {
			break
		}
		at, path, args = child, append(path, arg), args[1:]
		if at.DisableFlagParsing || !at.HasSubCommands() {
			break
		}
	}
	return append(append(path, flags...), args...)
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
	name, long := strings.CutPrefix(arg, "--")
	if !long {
		if len(arg) != 2 { // -ojson, or several letters
			return false
		}
		name = arg[1:]
	}
	flag := findFlag(c, name, long)
	return flag == nil || flag.NoOptDefVal == ""
}

func findFlag(c *cobra.Command, name string, long bool) *pflag.Flag {
	for _, flags := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags(), c.InheritedFlags()} {
		if flag := lookup(flags, name, long); flag != nil {
			return flag
		}
	}
	for _, child := range c.Commands() {
		if flag := findFlag(child, name, long); flag != nil {
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
