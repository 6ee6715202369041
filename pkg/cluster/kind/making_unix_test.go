//go:build unix

package kind

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"testing"
)

// TestMakingSeesTheEnginesCommands has a program that is called as kind calls an engine.
func TestMakingSeesTheEnginesCommands(t *testing.T) {
	ctx := context.Background()
	cmd := exec.Command("/bin/sh", "-c", "echo up; read line; exit 0",
		"docker", "run", "--label", clusterLabel+"=mine", "--name", "mine-worker")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// A process has its command line only when it has come to run.
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if !making(ctx, "mine") {
		t.Error("a command that makes a container of the cluster is not seen")
	}
	if making(ctx, "min") {
		t.Error("a command that makes a container of another cluster is taken for one of this")
	}
	if _, err := io.WriteString(in, "go\n"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if making(ctx, "mine") {
		t.Error("a command that ended is seen still")
	}
}
