package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/fsys"
)

// furnish makes the folder that stands for a node's disk, with the little that Pods which mount folders of
// their node (hostPath) expect of any: what is there already stays as it is.
func furnish(disk string, n sandbox.Node) error {
	if err := os.MkdirAll(disk, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(disk)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, name := range []string{"etc", "home", "mnt", "opt", "run", "srv", "tmp", "usr/local", "var/lib", "var/log", "var/tmp"} {
		if err := fsys.MakeAll(root, filepath.FromSlash(name)); err != nil {
			return err
		}
	}
	for _, name := range []string{"tmp", "var/tmp"} {
		if err := os.Chmod(filepath.Join(disk, filepath.FromSlash(name)), 0o777|fs.ModeSticky); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"hostname":   n.Name + "\n",
		"hosts":      fmt.Sprintf("127.0.0.1\tlocalhost\n%s\t%s\n", n.IP(), n.Name),
		"os-release": "NAME=\"kubectl learn sandbox\"\nID=kubectl-learn\n",
	} {
		if err := writeOnce(filepath.Join(disk, "etc", name), text); err != nil {
			return err
		}
	}
	return nil
}

func writeOnce(file, text string) error {
	if _, err := os.Lstat(file); err == nil {
		return nil
	}
	return errors.Join(os.WriteFile(file, []byte(text), 0o600), os.Chmod(file, 0o644))
}
