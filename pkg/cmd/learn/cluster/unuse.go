package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/kubectl-learn/kubectl-learn/pkg/home"
)

// written is what is noted of a context that went into the user's kubeconfig.
type written struct {
	// Files are the user's kubeconfig files by then; the context is in the first.
	Files []string `json:"files"`
	// Before is the context that was current until ours became it; empty where none was.
	Before string `json:"before,omitempty"`
	// Sum is that of our entries. As long as it holds they are ours to remove.
	Sum string `json:"sum"`
}

// note keeps what was written. A context that was current already has its forerunner from the note before.
func (o *UseOptions) note(files []string, before string) (written, error) {
	name := contextName(o.Cluster)
	w := written{Files: files}
	if before != name && !o.NoSwitch {
		w.Before = before
	} else if old, err := readNote(o.Home.Used(o.Cluster)); err == nil {
		w.Before = old.Before
	}
	config, err := clientcmd.LoadFromFile(files[0])
	if err != nil {
		return w, fmt.Errorf("read your kubeconfig: %w", err)
	}
	if w.Sum, err = sum(config, name); err != nil {
		return w, err
	}
	data, err := json.MarshalIndent(w, "", "  ")
	if err != nil {
		return w, err
	}
	if err := home.ReplaceFile(o.Home.Used(o.Cluster), append(data, '\n')); err != nil {
		return w, fmt.Errorf("note what was written: %w", err)
	}
	return w, nil
}

func readNote(path string) (w written, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return w, err
	}
	if err := json.Unmarshal(data, &w); err != nil || len(w.Files) == 0 {
		return w, fmt.Errorf("read %s: it does not say what was written (%w)", path, err)
	}
	return w, nil
}

// sum is that of a context, its cluster and its user, all of one name; empty where one of them is missing.
func sum(config *api.Config, name string) (string, error) {
	cluster, user, context := config.Clusters[name], config.AuthInfos[name], config.Contexts[name]
	if cluster == nil || user == nil || context == nil {
		return "", nil
	}
	// Which namespace is current there is no change: kubectl config set-context --current --namespace is in every tutorial.
	context = context.DeepCopy()
	context.Namespace = ""
	ours := api.NewConfig()
	ours.Clusters[name], ours.AuthInfos[name], ours.Contexts[name] = cluster, user, context
	data, err := clientcmd.Write(*ours)
	if err != nil {
		return "", fmt.Errorf("read context %s: %w", name, err)
	}
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:]), nil
}

// unuse takes out of the user's kubeconfig what use wrote there, if it is still exactly that, and says so.
func (o *LifeOptions) unuse() error {
	path, name := o.Home.Used(o.Cluster), contextName(o.Cluster)
	w, err := readNote(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := o.takeOut(w, name); err != nil {
		return fmt.Errorf("the cluster is gone, but its context is not: take %s out of %s: %w", name, w.Files[0], err)
	}
	return os.Remove(path)
}

func (o *LifeOptions) takeOut(w written, name string) error {
	options := in(w.Files[0])
	config, err := options.GetStartingConfig()
	if err != nil {
		return err
	}
	if config.Contexts[name] == nil {
		return nil
	}
	now, err := sum(config, name)
	if err != nil {
		return err
	}
	n := o.Narrator()
	if now != w.Sum {
		n.Say("Context %s in %s was changed since it was written; it stays there, and leads nowhere.", name, w.Files[0])
		n.Advice("Remove it", "kubectl config delete-context "+name)
		return nil
	}
	delete(config.Contexts, name)
	delete(config.Clusters, name)
	delete(config.AuthInfos, name)
	was := config.CurrentContext == name
	if was {
		config.CurrentContext = w.earlier()
	}
	if err := clientcmd.ModifyConfig(options, *config, false); err != nil {
		return err
	}
	n.Say("Context %s is out of %s.", name, w.Files[0])
	switch {
	case was && config.CurrentContext != "":
		n.Say("Context %s is current there again.", config.CurrentContext)
	case was:
		n.Say("No context is current there now.")
	}
	return nil
}

// earlier is the context that was current before ours, as far as it is still there.
func (w written) earlier() string {
	config, err := (&clientcmd.ClientConfigLoadingRules{Precedence: w.Files}).Load()
	if err != nil || config.Contexts[w.Before] == nil {
		return ""
	}
	return w.Before
}
