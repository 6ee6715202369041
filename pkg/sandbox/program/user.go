package program

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/container"
)

// FindUser tells whom USER[:GROUP], names or numbers, means in the image, with the groups that its
// /etc/group puts the user into, and the user's home folder. An empty text stands for root. A name that
// the image does not have is an error, in containerd's words.
func (img *Image) FindUser(text string) (u container.User, home string, err error) {
	name, group, _ := strings.Cut(text, ":")
	if name == "" {
		name = "0"
	}
	uid, notNumber := strconv.ParseInt(name, 10, 64)
	home, login, found := "/", "", false
	for _, f := range img.accounts("/etc/passwd", 7) {
		if !found && (f[0] == name || notNumber == nil && f[2] == name) {
			found, login, home = true, f[0], f[5]
			uid, u.GID = number(f[2]), number(f[3])
		}
	}
	if !found && notNumber != nil {
		return u, "", fmt.Errorf("unable to find user %s: no matching entries in passwd file", name)
	}
	u.UID = uid
	u.Groups = img.groupsOf(login)
	if group == "" {
		return u, home, nil
	}
	u.GID, err = img.FindGroup(group)
	return u, home, err
}

// FindGroup tells the number of a group, given by name or number.
func (img *Image) FindGroup(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	for _, f := range img.accounts("/etc/group", 3) {
		if f[0] == text {
			return number(f[2]), nil
		}
	}
	return 0, fmt.Errorf("unable to find group %s: no matching entries in group file", text)
}

// groupsOf are the groups that a user is a member of, by name.
func (img *Image) groupsOf(login string) (ids []int64) {
	for _, f := range img.accounts("/etc/group", 4) {
		if login != "" && slices.Contains(strings.Split(f[3], ","), login) {
			ids = append(ids, number(f[2]))
		}
	}
	return ids
}

// accounts are the lines of a file like /etc/passwd that have at least so many fields.
func (img *Image) accounts(file string, fields int) (all [][]string) {
	for line := range strings.Lines(img.Files[file].Content) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), ":"); len(f) >= fields {
			all = append(all, f)
		}
	}
	return all
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}
