package kind

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"sigs.k8s.io/kind/pkg/log"

	"github.com/kubectl-learn/kubectl-learn/pkg/cluster"
)

// logger turns kind's lines into our progress. kind says " • STAGE  ..." before a stage, and the
// stage with a sign after it.
type logger struct {
	progress cluster.Progress
	// before is called with each stage before it begins. kind goes on when it returns.
	before func(stage string)

	mu     sync.Mutex
	done   func(error)
	closed bool // nothing more is told
}

var (
	_ log.Logger     = (*logger)(nil)
	_ log.InfoLogger = quiet{}
)

// Warn implements log.Logger. What kind warns of has been told in our words before.
func (l *logger) Warn(string)          {}
func (l *logger) Warnf(string, ...any) {}

// Error implements log.Logger. Errors are returned as well.
func (l *logger) Error(string)          {}
func (l *logger) Errorf(string, ...any) {}

// V implements log.Logger.
func (l *logger) V(level log.Level) log.InfoLogger {
	if level > 0 {
		return quiet{}
	}
	return (*stages)(l)
}

// quiet is the logger of details.
type quiet struct{}

func (quiet) Info(string)          {}
func (quiet) Infof(string, ...any) {}
func (quiet) Enabled() bool        { return false }

// stages hears of the stages.
type stages logger

func (s *stages) Enabled() bool { return true }

func (s *stages) Infof(format string, args ...any) { s.Info(fmt.Sprintf(format, args...)) }

func (s *stages) Info(line string) {
	l := (*logger)(s)
	name, begins := strings.CutPrefix(strings.TrimSpace(line), "• ")
	switch {
	case begins:
		stage := plain(strings.TrimSuffix(name, "..."))
		l.end(nil)
		l.mu.Lock()
		closed := l.closed
		l.mu.Unlock()
		if l.before != nil && !closed {
			l.before(stage)
		}
		l.mu.Lock()
		if !l.closed {
			l.done = l.progress.Stage(stageName(stage))
		}
		l.mu.Unlock()
	case strings.HasPrefix(name, "✗"):
		l.end(errStage)
	}
}

var errStage = fmt.Errorf("it failed")

// end ends the stage under way, if there is one.
func (l *logger) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done != nil {
		l.done(err)
		l.done = nil
	}
}

// close ends the stage under way, and lets what kind still says be heard by nobody.
func (l *logger) close(err error) {
	l.end(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// plain leaves out the pictures.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if r > unicode.MaxLatin1 {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// stageName is our name of one of kind's stages.
func stageName(kinds string) string {
	for _, s := range [][2]string{
		{"Ensuring node image", "node image"},
		{"Preparing nodes", "a container for each node"},
		{"Writing configuration", "configuration"},
		{"Starting control-plane", "control plane"},
		{"Configuring the external load balancer", "load balancer"},
		{"Installing CNI", "Pod network"},
		{"Installing StorageClass", "storage"},
		{"Joining more control-plane", "more control planes"},
		{"Joining worker nodes", "workers join"},
		{"Waiting", "control plane ready"},
	} {
		if strings.HasPrefix(kinds, s[0]) {
			return s[1]
		}
	}
	return kinds
}
