package current

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-learn/kubectl-learn/pkg/plugin"
)

const (
	// tokenLife is how long a learner's token is asked to be good for: a day in a workshop. Servers
	// may give less.
	tokenLife = 12 * time.Hour
	// noLesson stands where a token would: it opens nothing.
	noLesson = "no-lesson-is-under-way"
)

// LearnerKubeconfig implements cluster.Guest. Where the user's rights allowed it, it holds a token of
// the lesson's own service account, so that the cluster itself keeps what a learner types within the
// namespace; else it is the user's own.
func (h *Handle) LearnerKubeconfig(ctx context.Context, namespace string) (string, error) {
	if namespace == "" {
		return h.withToken("", noLesson)
	}
	r, err := h.ledger.of(namespace)
	if err != nil {
		return "", err
	}
	if r == nil || r.Stage != made { // it is still to be made, or made again
		return h.withToken("", noLesson)
	}
	if r.Confined && h.fresh(h.folder.learner(namespace)) {
		return h.folder.learner(namespace), nil
	}
	// From here on it is the user's own rights that are lent, or used.
	if err := h.permit.verify(ctx); err != nil {
		return "", err
	}
	if h.permit.within(ctx, namespace) != nil { // somebody took it away; the next step makes it again
		return h.withToken("", noLesson)
	}
	if !r.Confined {
		return h.Kubeconfig(), nil
	}
	token, _, err := h.client.Token(ctx, namespace, account, tokenLife)
	if apierrors.IsNotFound(err) { // the learner deleted it; the next step brings it back
		return "", fmt.Errorf("%w. It is made anew by "+plugin.Command+" reset", err)
	}
	if err != nil {
		return "", err
	}
	return h.withToken(namespace, token)
}

// withToken writes a kubeconfig of the same server with nothing but a token.
func (h *Handle) withToken(namespace, token string) (string, error) {
	config, err := clientcmd.LoadFromFile(h.Kubeconfig())
	if err != nil {
		return "", fmt.Errorf("read kubeconfig of cluster %s: %w", h.record.Name, err)
	}
	c := config.Contexts[config.CurrentContext]
	c.AuthInfo, c.Namespace = account, namespace
	config.AuthInfos = map[string]*api.AuthInfo{account: {Token: token}}
	path := h.folder.learner(namespace)
	return path, keep(path, config)
}

// fresh says that the token in a kubeconfig is of the server that is meant and has more than half of its life before it.
func (h *Handle) fresh(path string) bool {
	config, err := clientcmd.LoadFromFile(path)
	if err != nil || config.AuthInfos[account] == nil || serverOf(config) != h.server {
		return false
	}
	from, until, ok := lifeOf(config.AuthInfos[account].Token)
	return ok && h.now().Before(from.Add(until.Sub(from)/2))
}

// tokenUntil says until when the token in a kubeconfig is good, where there is one.
func tokenUntil(path string) (time.Time, bool) {
	config, err := clientcmd.LoadFromFile(path)
	if err != nil || config.AuthInfos[account] == nil {
		return time.Time{}, false
	}
	_, until, ok := lifeOf(config.AuthInfos[account].Token)
	return until, ok
}

// lifeOf reads from a token from when until when it is good.
func lifeOf(token string) (from, until time.Time, ok bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return from, until, false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return from, until, false
	}
	var claims struct{ Iat, Exp int64 }
	if json.Unmarshal(text, &claims) != nil || claims.Exp == 0 {
		return from, until, false
	}
	return time.Unix(claims.Iat, 0), time.Unix(claims.Exp, 0), true
}
