package progress

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

func at(sec int) func() time.Time {
	return func() time.Time { return time.Date(2030, 1, 2, 3, 4, sec, 500, time.UTC) }
}

const appender = "KUBECTL_LEARN_TEST_APPENDER"

// TestMain lets the test binary stand in for a process that appends.
func TestMain(m *testing.M) {
	if n := os.Getenv(appender); n != "" {
		os.Exit(appendMany(os.Args[len(os.Args)-1], n))
	}
	os.Exit(m.Run())
}

func appendMany(path, who string) int {
	log := NewLog(path, time.Now)
	for i := range 40 {
		e := Event{Kind: Attempt, Lesson: who, Step: strconv.Itoa(i)}
		if err := log.Append(context.Background(), e); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

func TestAppendReads(t *testing.T) {
	log := NewLog(filepath.Join(t.TempDir(), "new", "progress.jsonl"), at(7))
	if events, err := log.Read(); err != nil || len(events) != 0 {
		t.Fatalf("a record that is not there: %v, %v", events, err)
	}
	want := Event{Cluster: "learn", Lesson: "heal", Step: "kill", Kind: Predicted, Detail: Detail{Question: 1, Choice: 2, Said: "the same\nagain", Belief: "b"}}
	if err := log.Append(context.Background(), want, Event{Kind: Quit, Lesson: "heal"}); err != nil {
		t.Fatal(err)
	}
	got, err := log.Read()
	if err != nil || len(got) != 2 {
		t.Fatalf("read %v, %v", got, err)
	}
	want.Time = at(7)()
	if got[0] != want {
		t.Errorf("read %+v, want %+v", got[0], want)
	}
	info, err := os.Stat(log.Path())
	if err != nil {
		t.Fatal(err)
	}
	if os.PathSeparator == '/' && info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %o", info.Mode().Perm())
	}
}

// A crash may cut the file at any byte. Whatever was whole before stays, and what is appended
// afterwards is read.
func TestTornAtEveryByte(t *testing.T) {
	dir := t.TempDir()
	whole := NewLog(filepath.Join(dir, "whole"), at(1))
	steps := []string{"one", "two", "three é"}
	for _, s := range steps {
		if err := whole.Append(context.Background(), Event{Kind: Started, Lesson: "l", Step: s}); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(whole.Path())
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(data) + 1 {
		path := filepath.Join(dir, "cut")
		if err := os.WriteFile(path, data[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		complete := bytes.Count(data[:cut], []byte("}\n"))
		if bytes.HasSuffix(data[:cut], []byte("}")) {
			complete++ // only the line's end is missing
		}
		checkTorn(t, NewLog(path, at(2)), steps[:complete], cut)
	}
}

func checkTorn(t *testing.T, log *Log, want []string, cut int) {
	t.Helper()
	expect := func(want []string) {
		t.Helper()
		events, err := log.Read()
		if err != nil || len(events) != len(want) {
			t.Fatalf("cut at %d: read %d events, want %d (%v)", cut, len(events), len(want), err)
		}
		for i := range want {
			if events[i].Step != want[i] {
				t.Fatalf("cut at %d: event %d is %q, want %q", cut, i, events[i].Step, want[i])
			}
		}
	}
	expect(want)
	for _, s := range []string{"after", "more"} {
		if err := log.Append(context.Background(), Event{Kind: Started, Lesson: "l", Step: s}); err != nil {
			t.Fatal(err)
		}
	}
	expect(append(append([]string{}, want...), "after", "more"))
}

func TestZerosLeftByAPowerCut(t *testing.T) {
	log := NewLog(filepath.Join(t.TempDir(), "p"), at(1))
	if err := os.WriteFile(log.Path(), append([]byte(`{"time":"2030-01-01T00:00:00Z","kind":"quit"}`+"\n"), make([]byte, 64)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := log.Append(context.Background(), Event{Kind: Finished}); err != nil {
		t.Fatal(err)
	}
	if events, err := log.Read(); err != nil || len(events) != 2 {
		t.Fatalf("read %v, %v", events, err)
	}
}

func TestProcessesAppendAtTheSameTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p")
	var wg sync.WaitGroup
	for i := range 4 {
		cmd := exec.Command(os.Args[0], path)
		cmd.Env = append(os.Environ(), appender+"="+strconv.Itoa(i+1))
		wg.Add(1)
		go func() {
			defer wg.Done()
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process %d: %v\n%s", i, err, out)
			}
		}()
	}
	wg.Wait()
	events, err := NewLog(path, time.Now).Read()
	if err != nil {
		t.Fatal(err)
	}
	next := map[string]int{}
	for _, e := range events {
		if e.Step != strconv.Itoa(next[e.Lesson]) {
			t.Fatalf("process %s: step %s came when %d was due", e.Lesson, e.Step, next[e.Lesson])
		}
		next[e.Lesson]++
	}
	if len(events) != 4*40 {
		t.Errorf("read %d events, want %d", len(events), 4*40)
	}
}

func TestAppendGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	log := NewLog(filepath.Join(t.TempDir(), "p"), at(1))
	if err := log.Append(ctx, Event{Kind: Quit}); err == nil {
		t.Error("appended after the end of the context")
	}
}
