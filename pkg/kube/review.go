package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Act is something that a user may be allowed to do.
type Act struct {
	Verb, Group, Resource, Subresource string
	// Namespace is where; empty means everywhere, or what belongs to no namespace.
	Namespace string
}

// String is the act as kubectl auth can-i takes it.
func (a Act) String() string {
	if a.Subresource != "" {
		return a.Verb + " " + a.Resource + "/" + a.Subresource
	}
	return a.Verb + " " + a.Resource
}

// May asks the server whether it would let us do something. It keeps nothing of the question.
func (c *Client) May(ctx context.Context, a Act) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: a.Verb, Group: a.Group, Resource: a.Resource, Subresource: a.Subresource, Namespace: a.Namespace,
		},
	}}
	resource := c.dynamic.Resource(authorizationv1.SchemeGroupVersion.WithResource("selfsubjectaccessreviews"))
	if err := post(ctx, resource, authorizationv1.SchemeGroupVersion.WithKind("SelfSubjectAccessReview"), review); err != nil {
		return false, fmt.Errorf("ask whether you may %s: %w", a, err)
	}
	return review.Status.Allowed, nil
}

// WhoAmI asks the server for whom it takes us.
func (c *Client) WhoAmI(ctx context.Context) (string, error) {
	review := &authenticationv1.SelfSubjectReview{}
	resource := c.dynamic.Resource(authenticationv1.SchemeGroupVersion.WithResource("selfsubjectreviews"))
	if err := post(ctx, resource, authenticationv1.SchemeGroupVersion.WithKind("SelfSubjectReview"), review); err != nil {
		return "", fmt.Errorf("ask who you are: %w", err)
	}
	return review.Status.UserInfo.Username, nil
}

// Token asks for a token of a service account that is good for a while, and says until when it is.
func (c *Client) Token(ctx context.Context, namespace, account string, life time.Duration) (string, time.Time, error) {
	seconds := int64(life.Seconds())
	request := &authenticationv1.TokenRequest{
		ObjectMeta: metav1.ObjectMeta{Name: account, Namespace: namespace},
		Spec:       authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds},
	}
	resource := c.dynamic.Resource(corev1.SchemeGroupVersion.WithResource("serviceaccounts")).Namespace(namespace)
	if err := post(ctx, resource, authenticationv1.SchemeGroupVersion.WithKind("TokenRequest"), request, "token"); err != nil {
		return "", time.Time{}, fmt.Errorf("ask for a token of serviceaccount %s/%s: %w", namespace, account, err)
	}
	return request.Status.Token, request.Status.ExpirationTimestamp.Time, nil
}

// post creates what is a question, and reads the answer into it.
func post(ctx context.Context, resource dynamic.ResourceInterface, kind schema.GroupVersionKind, question runtime.Object, subresource ...string) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(question)
	if err != nil {
		return err
	}
	o := &unstructured.Unstructured{Object: fields}
	o.SetGroupVersionKind(kind)
	answer, err := resource.Create(ctx, o, metav1.CreateOptions{}, subresource...)
	if err != nil {
		return err
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructured(answer.Object, question)
}

// Version asks the server which version it is.
func (c *Client) Version(ctx context.Context) (string, error) {
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := c.read(ctx, &v, "version"); err != nil {
		return "", fmt.Errorf("ask for the server's version: %w", err)
	}
	return v.GitVersion, nil
}

// Serves asks whether the server knows a group of the API, for example metrics.k8s.io.
func (c *Client) Serves(ctx context.Context, group string) (bool, error) {
	var groups metav1.APIGroupList
	if err := c.read(ctx, &groups, "apis"); err != nil {
		return false, fmt.Errorf("ask for the server's groups: %w", err)
	}
	for _, g := range groups.Groups {
		if g.Name == group {
			return true, nil
		}
	}
	return false, nil
}

// read reads JSON from a path of the server's own.
func (c *Client) read(ctx context.Context, into any, path ...string) error {
	target, err := c.url(path...)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", target.Path, answer.Status)
	}
	return json.NewDecoder(io.LimitReader(answer.Body, maxBody)).Decode(into)
}
