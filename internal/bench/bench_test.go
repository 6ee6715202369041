package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestTimes(t *testing.T) {
	got := times([]time.Duration{3 * time.Second, time.Second, 2 * time.Second, 9 * time.Second})
	if want := "2.00 s (1.00 s to 9.00 s)"; got != want {
		t.Errorf("times = %q, want %q", got, want)
	}
}

func TestPrintTable(t *testing.T) {
	var out bytes.Buffer
	printTable(&out, []string{"a", "b"}, []row{{"start", "5 s", "3 s", []string{"4.00 s", "9 s"}}, {"list", "2", "1", []string{"1.5"}}})
	if want := "| what | at most | goal | a | b |\n|---|---|---|---|---|\n| start | 5 s | 3 s | 4.00 s | 9 s |\n| list | 2 | 1 | 1.5 |  |\n"; out.String() != want {
		t.Errorf("printed %q, want %q", &out, want)
	}
}

// TestMemory finds a process by its command line and reads a plausible figure.
func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells the PSS")
	}
	if _, _, err := memory(marks{"cmdline", []string{filepath.Join(t.TempDir(), "nobody")}}); err == nil {
		t.Error("memory of no process is no error")
	}
	mark := filepath.Join(t.TempDir(), "marked")
	cmd := exec.Command("sh", "-c", "echo up; read line", mark)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stdin.Close(); _ = cmd.Wait() }()
	// A process has its command line only when it has come to run.
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	got, processes, err := memory(marks{"cmdline", []string{mark}})
	if err != nil || processes != 1 || got < 10_000 || got > 50_000_000 {
		t.Errorf("memory = %d bytes in %d processes, %v", got, processes, err)
	}
	if _, err := pss(os.DevNull); err == nil {
		t.Error("a file without a Pss line is no error")
	}
}

// TestUntil sees a Pod become ready that was not at first.
func TestUntil(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-1", Namespace: "default", Labels: map[string]string{"app": "web"}}}
	client := fake.NewClientset(pod)
	calls := 0
	at, err := until(t.Context(), client, "web", func(pods []corev1.Pod) bool {
		if calls++; calls == 1 {
			if len(pods) != 1 || count(pods, always) != 0 {
				t.Errorf("at first there are %d Pods, %d ready", len(pods), count(pods, always))
			}
			now := pod.DeepCopy()
			now.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
			if _, err := client.CoreV1().Pods("default").UpdateStatus(t.Context(), now, metav1.UpdateOptions{}); err != nil {
				t.Error(err)
			}
			return false
		}
		return count(pods, always) == 1
	})
	if err != nil || at.IsZero() || calls != 2 {
		t.Errorf("until = %v, %v after %d looks", at, err, calls)
	}
}
