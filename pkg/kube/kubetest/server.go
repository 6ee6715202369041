// Package kubetest is a small API server for tests of clients: it stores objects of any resource,
// lists and watches them with label and field selectors, applies, patches and deletes, over real
// HTTP. It checks no schema and has no access control but what a test switches on. Of what
// controllers do it does the least that clients wait for: a namespace has its default service account,
// and takes along what is in it; a quota counts. What a cluster really does, the tests in e2e show.
package kubetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-learn/kubectl-learn/pkg/kube"
	"github.com/kubectl-learn/kubectl-learn/pkg/snapshot"
)

// Server is the API server.
type Server struct {
	address string
	http    *http.Server

	mu      sync.Mutex
	version int
	uid     int
	// objects by resource, namespace and name.
	objects  map[string]*unstructured.Unstructured
	history  []event
	watchers map[chan struct{}]bool
	failing  map[string]int  // resource -> HTTP status for lists and watches
	sticky   map[string]bool // places that deletion only marks
	expired  int             // watches from before this version get 410
	requests []string
	cutOff   chan struct{}
	proxied  http.Handler
	forbids  func(kube.Act) bool
	hides    func(string) bool
}

type event struct {
	version  int
	kind     string
	resource string
	object   *unstructured.Unstructured
	before   *unstructured.Unstructured
}

// New starts a server; Close ends it.
func New() *Server {
	s := &Server{
		objects: map[string]*unstructured.Unstructured{}, watchers: map[chan struct{}]bool{},
		failing: map[string]int{}, sticky: map[string]bool{}, cutOff: make(chan struct{}),
	}
	s.address = "127.0.0.1:0"
	s.Start()
	return s
}

// Start makes the server listen, after Stop at the same address as before.
func (s *Server) Start() {
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		panic(err)
	}
	s.address = l.Addr().String()
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func(h *http.Server) { _ = h.Serve(l) }(s.http)
}

// Stop ends the server and its connections, as a server does that is down, and keeps its objects.
func (s *Server) Stop() {
	_ = s.http.Close()
	s.Cut()
}

// Close ends the server for good.
func (s *Server) Close() { s.Stop() }

// Config is how clients reach the server.
func (s *Server) Config() *rest.Config { return &rest.Config{Host: "http://" + s.address} }

// Fail makes lists and watches of a resource answer with an HTTP status, 0 to stop.
func (s *Server) Fail(resource string, status int) {
	s.mu.Lock()
	s.failing[resource] = status
	s.mu.Unlock()
	s.Cut()
}

// Cut ends all watches that are open, as a server does that is restarted.
func (s *Server) Cut() {
	s.mu.Lock()
	close(s.cutOff)
	s.cutOff = make(chan struct{})
	s.mu.Unlock()
}

// Expire makes the server forget what happened so far: watches that want to go on from there are
// told 410 Gone.
func (s *Server) Expire() {
	s.mu.Lock()
	s.version++
	s.expired = s.version
	s.mu.Unlock()
}

// Hold makes deletions of an object only mark it, until Release.
func (s *Server) Hold(resource, namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sticky[key(resource, namespace, name)] = true
}

// Release lets go of what Hold held; a marked object goes.
func (s *Server) Release(resource, namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key(resource, namespace, name)
	delete(s.sticky, k)
	if o := s.objects[k]; o != nil && o.GetDeletionTimestamp() != nil {
		s.remove(resource, o)
	}
}

// Proxy answers what is sent to Services and Pods through the server.
func (s *Server) Proxy(h http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.proxied = h
}

// Forbid says what the user may not do, where that is asked. Requests are not held against it, but
// for lists and gets of what belongs to no namespace.
func (s *Server) Forbid(f func(kube.Act) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forbids = f
}

// Hide says which namespaces the user may not read.
func (s *Server) Hide(f func(namespace string) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hides = f
}

// Requests are the methods and paths that were asked for, in order.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Put makes or replaces an object, written in YAML.
func (s *Server) Put(text string) *unstructured.Unstructured {
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		panic(err)
	}
	k, ok := snapshot.KindOf(o.GroupVersionKind())
	if !ok {
		panic("kubetest: unknown kind " + o.GetKind())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store(k.Resource, o)
}

// Remove deletes an object at once.
func (s *Server) Remove(resource, namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.objects[key(resource, namespace, name)]; o != nil {
		s.remove(resource, o)
	}
}

// Get is an object as it is, or nil.
func (s *Server) Get(resource, namespace, name string) *unstructured.Unstructured {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[key(resource, namespace, name)]
}

func key(resource, namespace, name string) string { return resource + "/" + namespace + "/" + name }

// store writes an object under the next version. The lock is held.
func (s *Server) store(resource string, o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	k := key(resource, o.GetNamespace(), o.GetName())
	old := s.objects[k]
	kind := "MODIFIED"
	if old == nil {
		kind = "ADDED"
		s.uid++
		o.SetUID(types.UID(fmt.Sprintf("uid-%d", s.uid)))
		o.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second)))
	} else {
		o.SetUID(old.GetUID())
		o.SetCreationTimestamp(old.GetCreationTimestamp())
	}
	if hard, ok, _ := unstructured.NestedMap(o.Object, "spec", "hard"); ok && resource == "resourcequotas" {
		_ = unstructured.SetNestedMap(o.Object, hard, "status", "hard")
	}
	s.version++
	o.SetResourceVersion(strconv.Itoa(s.version))
	s.objects[k] = o
	s.happen(event{s.version, kind, resource, o, old})
	if resource == "namespaces" && old == nil {
		account := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ServiceAccount"}}
		account.SetNamespace(o.GetName())
		account.SetName("default")
		s.store("serviceaccounts", account)
	}
	return o
}

func (s *Server) remove(resource string, o *unstructured.Unstructured) {
	delete(s.objects, key(resource, o.GetNamespace(), o.GetName()))
	gone := o.DeepCopy()
	s.version++
	gone.SetResourceVersion(strconv.Itoa(s.version))
	s.happen(event{s.version, "DELETED", resource, gone, o})
	if resource != "namespaces" {
		return
	}
	for k, inner := range s.objects {
		if resource, _, _ := strings.Cut(k, "/"); inner.GetNamespace() == o.GetName() {
			s.remove(resource, inner)
		}
	}
}

func (s *Server) happen(e event) {
	s.history = append(s.history, e)
	for w := range s.watchers {
		select {
		case w <- struct{}{}:
		default:
		}
	}
}

// place is what a path is about: /api/v1/... or /apis/GROUP/VERSION/...
type place struct {
	apiVersion, namespace, resource, name, rest string
}

func parse(path string) (place, bool) {
	p := strings.Split(strings.Trim(path, "/"), "/")
	var at place
	switch {
	case len(p) >= 3 && p[0] == "api":
		at.apiVersion, p = p[1], p[2:]
	case len(p) >= 4 && p[0] == "apis":
		at.apiVersion, p = p[1]+"/"+p[2], p[3:]
	default:
		return at, false
	}
	if len(p) >= 3 && p[0] == "namespaces" {
		at.namespace, p = p[1], p[2:]
	}
	at.resource = p[0]
	if len(p) > 1 {
		at.name = p[1]
	}
	if len(p) > 2 {
		at.rest = strings.Join(p[2:], "/")
	}
	return at, true
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	proxied := s.proxied
	s.mu.Unlock()
	at, ok := parse(r.URL.Path)
	switch {
	case r.URL.Path == "/readyz":
		_, _ = io.WriteString(w, "ok")
	case r.URL.Path == "/version":
		answer(w, http.StatusOK, map[string]any{"gitVersion": "v1.37.2"})
	case r.URL.Path == "/apis" && r.Header.Get("Accept") == "application/json": // discovery would want all of it
		answer(w, http.StatusOK, map[string]any{"kind": "APIGroupList", "groups": []any{}})
	case !ok:
		fail(w, http.StatusNotFound, "not found")
	case r.Method == http.MethodGet && s.forbidden(at):
		fail(w, http.StatusForbidden, at.resource+" is forbidden")
	case r.Method == http.MethodPost:
		s.post(w, r, at)
	case at.rest != "" && strings.HasPrefix(at.rest, "proxy") && proxied != nil:
		proxied.ServeHTTP(w, r)
	case r.Method == http.MethodGet && at.name == "" && r.URL.Query().Get("watch") != "":
		s.watch(w, r, at)
	case r.Method == http.MethodGet && at.name == "":
		s.list(w, r, at)
	case r.Method == http.MethodGet:
		s.get(w, at)
	case r.Method == http.MethodPatch:
		s.apply(w, r, at)
	case r.Method == http.MethodDelete:
		s.delete(w, r, at)
	default:
		fail(w, http.StatusMethodNotAllowed, "not allowed")
	}
}

// forbidden holds a read of what belongs to no namespace against what the user may not do.
func (s *Server) forbidden(at place) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	verb := "get"
	if at.name == "" {
		verb = "list"
	}
	if s.hides != nil && at.resource == "namespaces" && s.hides(at.name) {
		return true
	}
	return s.forbids != nil && at.namespace == "" && s.forbids(kube.Act{Verb: verb, Resource: at.resource})
}

// post answers questions, and makes objects.
func (s *Server) post(w http.ResponseWriter, r *http.Request, at place) {
	o := &unstructured.Unstructured{}
	if err := json.NewDecoder(r.Body).Decode(&o.Object); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	status := map[string]any{}
	switch at.resource + "/" + at.rest {
	case "selfsubjectreviews/":
		status["userInfo"] = map[string]any{"username": "ann"}
	case "selfsubjectaccessreviews/":
		var a kube.Act
		for field, into := range map[string]*string{"verb": &a.Verb, "group": &a.Group, "resource": &a.Resource, "subresource": &a.Subresource, "namespace": &a.Namespace} {
			*into, _, _ = unstructured.NestedString(o.Object, "spec", "resourceAttributes", field)
		}
		status["allowed"] = s.forbids == nil || !s.forbids(a)
	case "serviceaccounts/token":
		status["token"], status["expirationTimestamp"] = "token-of-"+at.name, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	default:
		s.create(w, o, at)
		return
	}
	o.Object["status"] = status
	answer(w, http.StatusCreated, o.Object)
}

// create makes an object that is not there yet. The lock is held.
func (s *Server) create(w http.ResponseWriter, o *unstructured.Unstructured, at place) {
	if at.namespace != "" {
		o.SetNamespace(at.namespace)
	}
	if s.objects[key(at.resource, at.namespace, o.GetName())] != nil {
		taken(w, at.resource+" "+o.GetName()+" already exists")
		return
	}
	answer(w, http.StatusCreated, s.store(at.resource, o).Object)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, at place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code := s.failing[at.resource]; code != 0 {
		fail(w, code, at.resource+" can't be listed")
		return
	}
	items := []any{}
	keys := make([]string, 0, len(s.objects))
	for k := range s.objects {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		if strings.HasPrefix(k, at.resource+"/") && wanted(s.objects[k], r, at) {
			items = append(items, s.objects[k].Object)
		}
	}
	kind := "List"
	if k, ok := snapshot.KindNamed(at.resource); ok {
		kind = k.Kind + "List"
	}
	answer(w, http.StatusOK, map[string]any{
		"apiVersion": at.apiVersion, "kind": kind, "items": items,
		"metadata": map[string]any{"resourceVersion": strconv.Itoa(s.version)},
	})
}

// wanted says whether an object is asked for: its namespace, labels and name.
func wanted(o *unstructured.Unstructured, r *http.Request, at place) bool {
	if o == nil || (at.namespace != "" && o.GetNamespace() != at.namespace) {
		return false
	}
	q := r.URL.Query()
	if sel, err := labels.Parse(q.Get("labelSelector")); err != nil || !sel.Matches(labels.Set(o.GetLabels())) {
		return false
	}
	name, ok := strings.CutPrefix(q.Get("fieldSelector"), "metadata.name=")
	return !ok || o.GetName() == name
}

func (s *Server) watch(w http.ResponseWriter, r *http.Request, at place) {
	from, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	news := make(chan struct{}, 1)
	s.mu.Lock()
	code, expired, cut := s.failing[at.resource], s.expired, s.cutOff
	s.watchers[news] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.watchers, news)
		s.mu.Unlock()
	}()
	switch {
	case code != 0:
		fail(w, code, at.resource+" can't be watched")
		return
	case from < expired && r.URL.Query().Get("sendInitialEvents") != "true":
		fail(w, http.StatusGone, "too old resource version")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	if r.URL.Query().Get("sendInitialEvents") == "true" {
		from = s.initial(w, r, at)
	}
	w.(http.Flusher).Flush()
	for {
		for _, e := range s.since(from) {
			from = e.version
			if kind := e.shown(r, at); kind != "" && e.resource == at.resource {
				_ = json.NewEncoder(w).Encode(map[string]any{"type": kind, "object": e.object.Object})
			}
		}
		w.(http.Flusher).Flush()
		select {
		case <-news:
		case <-cut:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// initial sends what is there as events, and the bookmark that ends them (KEP-3157), and returns the
// version from which to go on.
func (s *Server) initial(w io.Writer, r *http.Request, at place) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, o := range s.objects {
		if strings.HasPrefix(k, at.resource+"/") && wanted(o, r, at) {
			_ = json.NewEncoder(w).Encode(map[string]any{"type": "ADDED", "object": o.Object})
		}
	}
	kind, _ := snapshot.KindNamed(at.resource)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "BOOKMARK", "object": map[string]any{
		"apiVersion": at.apiVersion, "kind": kind.Kind,
		"metadata": map[string]any{
			"resourceVersion": strconv.Itoa(s.version),
			"annotations":     map[string]any{metav1.InitialEventsAnnotationKey: "true"},
		},
	}})
	return s.version
}

// shown is how a watch with a selector sees an event: an object that leaves the selection is deleted.
func (e event) shown(r *http.Request, at place) string {
	now, before := wanted(e.object, r, at), wanted(e.before, r, at)
	switch {
	case e.kind == "DELETED" && before:
		return "DELETED"
	case e.kind == "DELETED":
		return ""
	case now && before:
		return "MODIFIED"
	case now:
		return "ADDED"
	case before:
		return "DELETED"
	}
	return ""
}

func (s *Server) since(version int) []event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var news []event
	for _, e := range s.history {
		if e.version > version {
			news = append(news, e)
		}
	}
	return news
}

func (s *Server) get(w http.ResponseWriter, at place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[key(at.resource, at.namespace, at.name)]
	if o == nil {
		fail(w, http.StatusNotFound, at.resource+" "+at.name+" not found")
		return
	}
	answer(w, http.StatusOK, o.Object)
}

// apply merges what is applied into what is there, field by field.
func (s *Server) apply(w http.ResponseWriter, r *http.Request, at place) {
	body, _ := io.ReadAll(r.Body)
	var given map[string]any
	if err := yaml.Unmarshal(body, &given); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	merged := map[string]any{}
	code := http.StatusCreated
	if old := s.objects[key(at.resource, at.namespace, at.name)]; old != nil {
		merged, code = old.DeepCopy().Object, http.StatusOK
	}
	merge(merged, given)
	done := s.store(at.resource, &unstructured.Unstructured{Object: merged})
	answer(w, code, done.Object)
}

func merge(into, from map[string]any) {
	for k, v := range from {
		sub, ok := v.(map[string]any)
		old, there := into[k].(map[string]any)
		if ok && there {
			merge(old, sub)
			continue
		}
		into[k] = v
	}
}

func (s *Server) delete(w http.ResponseWriter, r *http.Request, at place) {
	var options metav1.DeleteOptions
	_ = json.NewDecoder(r.Body).Decode(&options)
	s.mu.Lock()
	defer s.mu.Unlock()
	k := key(at.resource, at.namespace, at.name)
	o := s.objects[k]
	switch {
	case o == nil:
		fail(w, http.StatusNotFound, at.resource+" "+at.name+" not found")
		return
	case options.Preconditions != nil && options.Preconditions.UID != nil && *options.Preconditions.UID != o.GetUID():
		fail(w, http.StatusConflict, "another object has that name")
		return
	}
	if s.sticky[k] {
		marked := o.DeepCopy()
		now := metav1.Now()
		marked.SetDeletionTimestamp(&now)
		answer(w, http.StatusOK, s.store(at.resource, marked).Object)
		return
	}
	s.remove(at.resource, o)
	answer(w, http.StatusOK, o.Object)
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

// taken is the answer to who would make what is there already.
func taken(w http.ResponseWriter, message string) {
	answer(w, http.StatusConflict, metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
		Message: message, Reason: metav1.StatusReasonAlreadyExists, Code: http.StatusConflict,
	})
}

func fail(w http.ResponseWriter, code int, message string) {
	reason := map[int]metav1.StatusReason{
		http.StatusNotFound: metav1.StatusReasonNotFound, http.StatusConflict: metav1.StatusReasonConflict,
		http.StatusForbidden: metav1.StatusReasonForbidden, http.StatusGone: metav1.StatusReasonExpired,
	}[code]
	answer(w, code, metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure,
		Message: message, Reason: reason, Code: int32(code), //nolint:gosec // an HTTP status fits
	})
}
