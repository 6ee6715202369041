package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
	"github.com/kubectl-learn/kubectl-learn/pkg/sandbox/realness"
)

// createWithin and deleteWithin are how long a cluster may take on a machine that does much else.
const createWithin, deleteWithin = 6 * time.Minute, 3 * time.Minute

// site is one cluster, and where those who use it have their files.
type site struct {
	name       string
	kubeconfig string
	// kubectl is the file that is kubectl to the suite: the one that is built into the plugin.
	kubectl string
	// program is kubectl-learn.
	program string
	work    string
	account account
	// given clusters are somebody else's, and not deleted.
	given bool
}

// ground is the folder with the programs, and the account that runs them.
type ground struct {
	work, program, suite, kubectl string
	account                       account
}

// prepare makes the folder and copies the programs there: the account need not be able to read where they come from.
func prepare(program, suite string) (g *ground, err error) {
	g = &ground{}
	if g.account, err = unprivileged(); err != nil {
		return nil, err
	}
	// Short, for the sandbox's unix sockets.
	if g.work, err = os.MkdirTemp("/tmp", "lc."); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(g.work)
		}
	}()
	if err = g.account.own(g.work); err != nil {
		return nil, fmt.Errorf("give %s to user %d: %w", g.work, g.account.id, err)
	}
	g.program, g.suite, g.kubectl = filepath.Join(g.work, "kubectl-learn"), filepath.Join(g.work, "e2e.test"), filepath.Join(g.work, "kubectl")
	if err = copyProgram(program, g.program); err != nil {
		return nil, err
	}
	if err = copyProgram(suite, g.suite); err != nil {
		return nil, err
	}
	script := "#!/bin/sh\nexec " + g.program + " kubectl -- \"$@\"\n"
	if err = os.WriteFile(g.kubectl, []byte(script), 0o755); err != nil {
		return nil, fmt.Errorf("write kubectl: %w", err)
	}
	return g, nil
}

// clear removes the folder, and says which processes are left of what ran in it.
func (g *ground) clear() error {
	left := g.account.processes(g.work)
	for wait := time.Now().Add(5 * time.Second); len(left) > 0 && time.Now().Before(wait); left = g.account.processes(g.work) {
		time.Sleep(100 * time.Millisecond) // those that were just ended may be going
	}
	err := os.RemoveAll(g.work)
	if err != nil {
		err = fmt.Errorf("remove folder: %w", err)
	}
	if len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("look for what is left: %d processes go on: %s", len(left), strings.Join(left, "; ")))
	}
	return err
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("copy %s: %w", from, err)
	}
	return nil
}

// open makes a fresh sandbox, as a person would. The site is returned also when that fails half-way: close it.
func (g *ground) open(ctx context.Context, name string, w io.Writer) (*site, error) {
	s := g.site(name)
	ctx, cancel := context.WithTimeout(ctx, createWithin)
	defer cancel()
	if _, err := s.learn(ctx, "cluster", "create", "--provider", "sandbox"); err != nil {
		return s, err
	}
	if err := s.giveImages(ctx, w); err != nil {
		return s, err
	}
	config, err := s.learn(ctx, "kubectl", "--", "config", "view", "--raw")
	if err != nil {
		return s, err
	}
	if err := os.WriteFile(s.kubeconfig, []byte(config), 0o600); err != nil {
		return s, fmt.Errorf("write the kubeconfig: %w", err)
	}
	return s, g.account.own(s.kubeconfig)
}

func (g *ground) site(name string) *site {
	return &site{
		name: name, kubeconfig: filepath.Join(g.work, name+".kubeconfig"), kubectl: g.kubectl, program: g.program,
		work: g.work, account: g.account,
	}
}

// use takes a cluster that is there.
func (g *ground) use(name, kubeconfig string) (*site, error) {
	data, err := os.ReadFile(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	s := g.site(name)
	s.given = true
	if err := os.WriteFile(s.kubeconfig, data, 0o600); err != nil {
		return nil, fmt.Errorf("write the kubeconfig: %w", err)
	}
	return s, g.account.own(s.kubeconfig)
}

// ownMounts says whether the cluster's nodes have mounts of their own.
func (s *site) ownMounts(ctx context.Context) (bool, error) {
	out, err := s.learn(ctx, "cluster", "status", "-o", "json")
	if err != nil {
		return false, err
	}
	var status struct{ Parts []cluster.Part }
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		return false, fmt.Errorf("read the cluster's status: %w", err)
	}
	for _, p := range status.Parts {
		if p.Name == realness.MemoryVolumes {
			return p.Realness == cluster.Real, nil
		}
	}
	return false, fmt.Errorf("the cluster's status has no part %q", realness.MemoryVolumes)
}

// close deletes the cluster, whole or half made.
func (s *site) close(ctx context.Context) error {
	if s.given {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deleteWithin)
	defer cancel()
	if names, err := s.learn(ctx, "cluster", "list", "-o", "name"); err == nil && !strings.Contains(names, s.name) {
		return nil
	}
	_, err := s.learn(ctx, "cluster", "delete")
	return err
}

// learn runs kubectl-learn on the cluster.
func (s *site) learn(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.program, append([]string{"--name", s.name}, args...)...)
	cmd.Dir = s.work
	cmd.Env = s.env()
	inGroup(cmd)
	s.account.apply(cmd)
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl-learn %s: %w\n%s%s", strings.Join(args, " "), err, out, errOut.String())
	}
	return string(out), nil
}

// env holds nothing of who runs this but the path.
func (s *site) env() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.work, "TMPDIR=" + s.work,
		"KUBECTL_LEARN_HOME=" + s.work + "/h", "KUBECTL_LEARN_PROVIDER=sandbox",
	}
}
