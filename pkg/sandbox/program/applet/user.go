package applet

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/owner"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/program/task"
)

// known finds the line of /etc/passwd or /etc/group that has value in field, and returns its fields.
func known(t *task.Task, file string, field int, value string) []string {
	b, _ := t.FS.ReadFile(file)
	for line := range strings.Lines(string(b)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), ":"); len(f) > 2 && f[field] == value {
			return f
		}
	}
	return nil
}

// userName is a user's name, or ok is false where /etc/passwd has none.
func userName(t *task.Task, uid int64) (name string, ok bool) {
	if f := known(t, "/etc/passwd", 2, strconv.FormatInt(uid, 10)); f != nil {
		return f[0], true
	}
	return strconv.FormatInt(uid, 10), false
}

func groupName(t *task.Task, gid int64) (name string, ok bool) {
	if f := known(t, "/etc/group", 2, strconv.FormatInt(gid, 10)); f != nil {
		return f[0], true
	}
	return strconv.FormatInt(gid, 10), false
}

// user is who programs are told that they are.
func user(t *task.Task) string {
	name, _ := userName(t, t.Spec.User.UID)
	return name
}

// owners are the names of a file's user and group, as ls shows them: numbers where numeric.
func owners(t *task.Task, id owner.ID, numeric bool) (user, group string) {
	if numeric {
		return strconv.FormatInt(id.UID, 10), strconv.FormatInt(id.GID, 10)
	}
	user, _ = userName(t, id.UID)
	group, _ = groupName(t, id.GID)
	return user, group
}

func whoami(t *task.Task) int {
	name, ok := userName(t, t.Spec.User.UID)
	switch {
	case ok:
		t.Printf("%s\n", name)
		return 0
	case gnu(t):
		t.Errorf("cannot find name for user ID %s", name)
	default:
		t.Errorf("unknown uid %s", name)
	}
	return 1
}

func id(t *task.Task) int {
	o, _, ok := options(t, "ugGnr", "user=u", "group=g", "name=n", "groups=G", "real=r")
	if !ok {
		return 1
	}
	u := t.Spec.User
	groups := u.Groups
	if !slices.Contains(groups, u.GID) {
		groups = append([]int64{u.GID}, groups...)
	}
	switch {
	case o.has('u'):
		t.Printf("%s\n", pick(t, u.UID, o.has('n'), userName))
	case o.has('g'):
		t.Printf("%s\n", pick(t, u.GID, o.has('n'), groupName))
	case o.has('G'):
		t.Printf("%s\n", strings.Join(each(groups, func(g int64) string { return pick(t, g, o.has('n'), groupName) }), " "))
	default:
		t.Printf("uid=%s gid=%s groups=%s\n", described(t, u.UID, userName), described(t, u.GID, groupName),
			strings.Join(each(groups, func(g int64) string { return described(t, g, groupName) }), ","))
	}
	return 0
}

func each(ids []int64, f func(int64) string) (out []string) {
	for _, id := range ids {
		out = append(out, f(id))
	}
	return out
}

func pick(t *task.Task, id int64, named bool, name func(*task.Task, int64) (string, bool)) string {
	if named {
		n, _ := name(t, id)
		return n
	}
	return strconv.FormatInt(id, 10)
}

// described is 0(root), or the number alone where it has no name.
func described(t *task.Task, id int64, name func(*task.Task, int64) (string, bool)) string {
	text := strconv.FormatInt(id, 10)
	if n, ok := name(t, id); ok {
		text += "(" + n + ")"
	}
	return text
}

// newOwner reads USER[:GROUP], names or numbers; -1 stands for what is not named.
func newOwner(t *task.Task, text string) (uid, gid int64, unknown string) {
	user, group, both := strings.Cut(text, ":")
	uid, gid = -1, -1
	find := func(name, file string) (int64, bool) {
		if n, err := strconv.ParseInt(name, 10, 64); err == nil && n >= 0 {
			return n, true
		}
		if f := known(t, file, 0, name); f != nil {
			n, err := strconv.ParseInt(f[2], 10, 64)
			return n, err == nil
		}
		return -1, false
	}
	ok := true
	if user != "" {
		if uid, ok = find(user, "/etc/passwd"); !ok {
			return -1, -1, user
		}
	}
	if both && group != "" {
		if gid, ok = find(group, "/etc/group"); !ok {
			return -1, -1, group
		}
	}
	return uid, gid, ""
}

// chown is chown and chgrp.
func chown(t *task.Task) int {
	o, args, ok := options(t, "Rhvf", "recursive=R", "no-dereference=h")
	if !ok {
		return 1
	}
	if len(args) < 2 {
		return usage(t, "[-R] USER[:[GRP]] FILE...")
	}
	if t.Name() == "chgrp" {
		args[0] = ":" + args[0]
	}
	uid, gid, unknown := newOwner(t, args[0])
	if unknown != "" {
		t.Errorf("unknown user %s", unknown)
		return 1
	}
	code := 0
	var change func(name string)
	change = func(name string) {
		if err := t.FS.Chown(t.Path(name), !o.has('h'), uid, gid); err != nil {
			code = failure(t, name, err)
		}
		if fi, err := t.FS.Lstat(t.Path(name)); o.has('R') && err == nil && fi.IsDir() {
			entries, _ := t.FS.ReadDir(t.Path(name))
			for _, e := range entries {
				change(strings.TrimSuffix(name, "/") + "/" + e.Name())
			}
		}
	}
	for _, n := range args[1:] {
		change(n)
	}
	return code
}
