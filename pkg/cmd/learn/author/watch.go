package author

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/kubectl-learn/kubectl-learn/pkg/cmd"
	"github.com/kubectl-learn/kubectl-learn/pkg/pack"
)

// settle is how long the files must rest before they are read: an editor writes in several strokes.
const settle = 100 * time.Millisecond

// follow shows the lesson, and shows it anew when its folder changes, until the context ends. The folder is
// watched, not the file: many editors write another file and give it the name.
func (o *PreviewOptions) follow(ctx context.Context, s source) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the lesson: %w; --watch=false shows it once", err)
	}
	defer watcher.Close()
	for _, folder := range s.folders() {
		if err := watcher.Add(folder); err != nil {
			return fmt.Errorf("watch %s: %w; --watch=false shows it once", folder, err)
		}
	}
	last := o.draw(nil, s)
	due := time.NewTimer(settle)
	due.Stop()
	for {
		select {
		case <-ctx.Done():
			fmt.Fprintln(o.Out)
			return nil
		case e, open := <-watcher.Events:
			if !open {
				return nil
			}
			if e.Op != fsnotify.Chmod {
				due.Reset(settle)
			}
		case err, open := <-watcher.Errors:
			if !open {
				return nil
			}
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return fmt.Errorf("watch the lesson: %w", err)
			}
			due.Reset(settle) // something was missed, so that all may be different
		case <-due.C:
			last = o.draw(last, s)
		}
	}
}

// folders are those in which a change may change the lesson.
func (s source) folders() []string {
	if pack.IsBundle(s.Options.From) {
		return []string{filepath.Dir(s.Options.From)}
	}
	home := filepath.Dir(filepath.FromSlash(s.shown()))
	found := []string{home}
	_ = filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir() || path == home:
			return nil
		case strings.HasPrefix(d.Name(), "."), len(found) >= mostFolders:
			return fs.SkipDir
		}
		found = append(found, path)
		return nil
	})
	return found
}

// mostFolders bounds what is watched below a lesson's own folder, for its manifests.
const mostFolders = 32

// draw shows what the lesson is now, if that is not what stands there, and returns it. Of a lesson in which
// something was changed it shows the steps that are different.
func (o *PreviewOptions) draw(last []string, s source) []string {
	parts, err := o.afresh(s)
	if err != nil {
		parts = []string{o.broken(s, err)}
	}
	if slices.Equal(parts, last) {
		return last
	}
	style := o.Style()
	shown, which := changed(last, parts)
	const wipe = "\x1b[H\x1b[2J\x1b[3J"
	if last != nil {
		shown = window(strings.Join(last, ""), shown, style.Height-3)
	}
	fmt.Fprintf(o.Out, "%s%s\n", wipe, shown)
	n := &cmd.Narrator{Out: o.Out, Style: style}
	n.Aside("Watching " + s.shown() + ": save it, and " + which + " shown anew. Ctrl-C ends.")
	return parts
}

// window is what of a text fits into some rows, from a little above the first line that was not there before.
func window(was, is string, rows int) string {
	lines := slices.Collect(strings.Lines(is))
	if rows < 8 || len(lines) <= rows {
		return is
	}
	before := map[string]bool{}
	for line := range strings.Lines(was) {
		before[line] = true
	}
	first := max(slices.IndexFunc(lines, func(line string) bool { return !before[line] })-2, 0)
	first = min(first, len(lines)-rows)
	return strings.Join(lines[first:first+rows], "")
}

// changed are the parts of a lesson that are not as they were, and the words for what is shown at the next change.
func changed(was, is []string) (shown, which string) {
	if len(was) == len(is) {
		for i := range is {
			if is[i] != was[i] {
				shown += is[i]
			}
		}
	} else {
		shown = strings.Join(is, "")
	}
	if len(is) > 1 {
		return shown, "what you changed is"
	}
	return shown, "it is"
}

// broken is what is wrong with the lesson, as lint says it.
func (o *PreviewOptions) broken(s source, err error) string {
	var b strings.Builder
	n := &cmd.Narrator{Out: &b, Style: o.Style()}
	for _, p := range s.defects(err) {
		fmt.Fprintf(&b, "\n%s: %s\n", n.Style.Plain(p.Where), p.Severity)
		n.Say("%s", p.Message)
	}
	return b.String()
}

// afresh is the screen of the lesson as its files are now: a bundle was read when it was opened, and a folder
// may have been put in the place of another.
func (o *PreviewOptions) afresh(s source) ([]string, error) {
	p, err := pack.Open(s.Options.From)
	if err != nil {
		return nil, err
	}
	now := p.Source()
	now.Options = s.Options
	parts, err := o.screen(source{now, s.file, s.listed})
	return parts, errors.Join(err, p.Close())
}
