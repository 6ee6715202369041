package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	gopsnet "github.com/shirou/gopsutil/v4/net"
)

const (
	soakNamespace = "soak"
	aContainer    = "a container"
	writers       = 3
	// wholeWithin is when a round is given up.
	wholeWithin = 3 * time.Minute
)

// Soak kills the processes of a cluster again and again while others write to it.
type Soak struct {
	Cluster Cluster
	Rounds  int
	// Told is told how it goes, a line a round.
	Told io.Writer
	// Rand chooses victims and moments.
	Rand *rand.Rand
}

// Figures are what a Soak found.
type Figures struct {
	Rounds int
	// Killed counts rounds by what was killed in them.
	Killed map[string]int
	// Whole is, for each round in which a part was killed, the time from the start of the next command until the
	// cluster was whole. A container is its node's affair.
	Whole []time.Duration
	// Acknowledged and Refused are writes; what was refused may have happened or not.
	Acknowledged, Refused int
	// Silent is the longest time in which no write was acknowledged.
	Silent time.Duration
	// Wrong is all that did not hold.
	Wrong []string
}

// Run makes the cluster, soaks it and deletes it. The error says that the Soak could not go on; what
// did not hold is in the Figures.
func (s Soak) Run(ctx context.Context) (f Figures, err error) {
	f.Killed = map[string]int{}
	if _, err := s.Cluster.Run(ctx, "cluster", "create", "--name", s.Cluster.Name); err != nil {
		return f, err
	}
	deleted := false
	defer func() {
		if !deleted { // also when it was interrupted
			_, gone := s.Cluster.Run(context.WithoutCancel(ctx), "cluster", "delete")
			err = errors.Join(err, gone)
		}
	}()
	if err := s.prepare(ctx); err != nil {
		return f, err
	}
	all, stop := s.write(ctx)
	defer stop()
	for n := range s.Rounds {
		if err := s.round(ctx, n, all, &f); err != nil {
			return f, err
		}
		f.Rounds++
	}
	stop()
	f.check(ctx, all)
	if err := s.served(ctx); err != nil {
		f.Wrong = append(f.Wrong, fmt.Sprintf("not all containers are back at the end: %v", err))
	}
	for _, w := range all {
		acked, failed, silent := w.Count()
		f.Acknowledged, f.Refused, f.Silent = f.Acknowledged+acked, f.Refused+failed, max(f.Silent, silent)
	}
	deleted = true
	return f, s.remove(ctx, &f)
}

// prepare gives the cluster something to run, so that containers are there to be killed.
func (s Soak) prepare(ctx context.Context) error {
	if err := MakeNamespace(ctx, s.Cluster.Kubeconfig(), soakNamespace); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"create", "deployment", "web", "--image=nginx:1.29", "--replicas=6"},
		{"rollout", "status", "deployment/web", "--timeout=120s"},
	} {
		if _, err := s.Cluster.Run(ctx, append([]string{"kubectl", "--", "-n", soakNamespace}, args...)...); err != nil {
			return err
		}
	}
	return nil
}

// served waits until all Pods that prepare made are ready again, after back-offs.
func (s Soak) served(ctx context.Context) error {
	_, err := s.Cluster.Run(ctx, "kubectl", "--", "-n", soakNamespace, "wait", "pod", "-l", "app=web", "--for=condition=Ready", "--timeout=360s")
	return err
}

// write starts the writers; stop ends them and waits until they have.
func (s Soak) write(ctx context.Context) (all []*Writer, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for i := range writers {
		w := NewWriter(s.Cluster.Kubeconfig(), soakNamespace, fmt.Sprintf("w%d", i))
		all = append(all, w)
		running.Go(func() { w.Run(ctx) })
	}
	return all, func() { cancel(); running.Wait() }
}

// victims are what one round kills, by what they are called in the table.
func (s Soak) victims() (what string, pids []int, err error) {
	parts, err := s.Cluster.Parts()
	if err != nil {
		return "", nil, err
	}
	slices.Sort(parts)
	pick := s.Rand.IntN(10)
	switch {
	case pick == 0: // as if the machine failed
		for _, p := range Processes(s.Cluster.Dir()) {
			pids = append(pids, p.PID)
		}
		return "all processes", pids, nil
	case pick <= 2:
		var containers []int
		for _, p := range Processes(s.Cluster.Dir()) {
			if p.Container() {
				containers = append(containers, p.PID)
			}
		}
		if len(containers) > 0 {
			return aContainer, []int{containers[s.Rand.IntN(len(containers))]}, nil
		}
	}
	part := parts[s.Rand.IntN(len(parts))]
	pid, err := s.Cluster.PID(part)
	what = "a worker"
	if part == "control-plane" {
		what = "the control plane"
	}
	return what, []int{pid}, err
}

// round kills something at a random moment and sees to it that the next command mends it.
func (s Soak) round(ctx context.Context, n int, all []*Writer, f *Figures) error {
	select {
	case <-time.After(time.Duration(s.Rand.Int64N(int64(2 * time.Second)))): // the moment is what this is about
	case <-ctx.Done():
		return ctx.Err()
	}
	command := "" // a tenth of the commands that mend is killed, too
	what, pids, err := s.victims()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		_ = Kill(pid) // it may have ended meanwhile
	}
	if s.Rand.IntN(10) == 0 {
		command = ", and the command that mends it"
		ctx, cancel := context.WithTimeout(ctx, time.Duration(s.Rand.Int64N(int64(2*time.Second))))
		_, _ = s.Cluster.Run(ctx, "cluster", "status") // it is killed by the end of its context
		cancel()
	}
	f.Killed[what+command]++
	took, err := s.mended(ctx)
	if err != nil {
		return fmt.Errorf("round %d (%s killed): %w", n+1, what, err)
	}
	if what != aContainer {
		f.Whole = append(f.Whole, took)
	}
	wrong := len(f.Wrong)
	f.check(ctx, all)
	f.orphans(ctx, s.Cluster)
	fmt.Fprintf(s.Told, "%d of %d: killed %s%s; whole after %.2f s%s\n", n+1, s.Rounds, what, command, took.Seconds(), strings.Join(append([]string{""}, f.Wrong[wrong:]...), "\n  WRONG: "))
	return nil
}

// mended runs the next command until it calls every part healthy, and returns how long that took.
func (s Soak) mended(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, wholeWithin)
	defer cancel()
	for {
		_, err := s.Cluster.Run(ctx, "cluster", "status")
		if err == nil {
			return time.Since(began), nil
		}
		if ctx.Err() != nil {
			return 0, fmt.Errorf("not whole within %v: %w", wholeWithin, err)
		}
	}
}

// check notes what was acknowledged and is not there.
func (f *Figures) check(ctx context.Context, all []*Writer) {
	for _, w := range all {
		lost, err := w.Lost(ctx)
		if err != nil {
			f.Wrong = append(f.Wrong, err.Error())
		}
		f.Wrong = append(f.Wrong, lost...)
	}
}

// orphans notes containers that outlived their node.
func (f *Figures) orphans(ctx context.Context, c Cluster) {
	f.stay(ctx, "it outlived its node", c.Orphans)
}

// stay notes what should end by itself within a moment and does not.
func (f *Figures) stay(ctx context.Context, what string, look func() []Process) {
	for _, p := range Lasting(ctx, look) {
		f.Wrong = append(f.Wrong, what+": "+p.String())
	}
}

// remove deletes the cluster and notes what is left of it.
func (s Soak) remove(ctx context.Context, f *Figures) error {
	ports := listening(Processes(s.Cluster.Dir()))
	ctx = context.WithoutCancel(ctx)
	if _, err := s.Cluster.Run(ctx, "cluster", "delete"); err != nil {
		return err
	}
	f.stay(ctx, "left running after delete", func() []Process { return Processes(s.Cluster.Dir()) })
	if _, err := os.Stat(s.Cluster.Dir()); err == nil {
		f.Wrong = append(f.Wrong, "the cluster's folder is left, and sockets in it may be")
	}
	if len(ports) == 0 {
		f.Wrong = append(f.Wrong, "no port was seen while the cluster ran: it was not looked well")
	}
	for _, port := range ports {
		address := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", address)
		if err != nil {
			// Some were free ports of the system's choice, which a client may have got since.
			conn, silent := net.DialTimeout("tcp", address, time.Second)
			if silent != nil {
				continue
			}
			_ = conn.Close()
			f.Wrong = append(f.Wrong, fmt.Sprintf("port %d is taken after delete: %v", port, err))
			continue
		}
		_ = l.Close()
	}
	return nil
}

// listening are the TCP ports on which processes listen.
func listening(all []Process) (ports []uint32) {
	for _, p := range all {
		open, _ := gopsnet.ConnectionsPid("tcp", int32(p.PID))
		for _, c := range open {
			if c.Status == "LISTEN" {
				ports = append(ports, c.Laddr.Port)
			}
		}
	}
	return ports
}
