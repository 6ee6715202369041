// Package english makes the program start faster. kubectl's packages translate their texts while they are
// initialised, for which they read a catalogue of translations: a quarter of the time that a short command
// takes, and 4 MB in each process of a cluster. Only kubectl itself shows those texts, so for all else they
// stay in English. Packages are initialised in the order of their import paths as soon as what they import
// is, so this one comes after k8s.io/kubectl/pkg/util/i18n and before the others of k8s.io.
package english

import (
	"os"
	"slices"

	"k8s.io/kubectl/pkg/util/i18n"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/role"
)

// Kept says that nothing is translated in this process.
var Kept = keep()

func keep() bool {
	return !kubectl(os.Args) && i18n.SetLoadTranslationsFunc(func() error { return nil }) == nil
}

// kubectl says that a command line may be kubectl's: that of the built-in kubectl, in a container or not.
func kubectl(args []string) bool {
	if len(args) == 0 {
		return false
	}
	called := role.Of(args)
	return called == "kubectl" || called == role.Kubectl || slices.Contains(args[1:], "kubectl")
}
