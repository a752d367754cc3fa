package testbed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/retry"
)

const (
	// createTimeout bounds a creation that must not be cut short: an object whose creation was not observed would stay.
	createTimeout = 15 * time.Second
	// cleanupTimeout bounds the clean-up, which an interrupt of the run does not end.
	cleanupTimeout = 2 * time.Minute
	// namespacePoll is how often the clean-up checks whether a namespace is gone.
	namespacePoll = 500 * time.Millisecond
)

// Cleaner removes the namespaces that it created.
type Cleaner struct {
	Client     kubernetes.Interface
	Printf     func(format string, args ...any)
	namespaces []*corev1.Namespace
}

// CreateNamespace creates a namespace that Clean will remove. An interrupt does not cut the creation short.
func (c *Cleaner) CreateNamespace(ctx context.Context, namespace *corev1.Namespace) (string, error) {
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTimeout)
	defer cancel()
	created, err := c.Client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	switch {
	case err == nil:
		c.namespaces = append(c.namespaces, created)
		return created.Name, nil
	case retry.Unanswered(err):
		c.namespaces = append(c.namespaces, namespace)
	}
	return "", fmt.Errorf("failed to create namespace: %w", err)
}

// Clean deletes the namespaces that this Cleaner has created, even when the run's context has ended. It returns once they are gone, or an error that names
// those that may be left.
func (c *Cleaner) Clean(ctx context.Context) error {
	if len(c.namespaces) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	var deleted []*corev1.Namespace
	var errs []error
	for _, namespace := range slices.Backward(c.namespaces) {
		var how metav1.DeleteOptions
		if namespace.UID != "" { // the precondition protects a namespace that somebody else has created with this name since
			how.Preconditions = metav1.NewUIDPreconditions(string(namespace.UID))
		}
		err := c.Client.CoreV1().Namespaces().Delete(ctx, namespace.Name, how)
		if err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("failed to delete namespace %s, which bench created: %w", namespace.Name, err))
			continue
		}
		deleted = append(deleted, namespace)
	}
	for _, namespace := range deleted {
		c.Printf("Removing namespace %s", namespace.Name)
		if err := awaitGone(ctx, c.Client, namespace); err != nil {
			errs = append(errs, fmt.Errorf("failed to wait until namespace %s, which was deleted, is gone: %w", namespace.Name, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	c.Printf("Removed everything that bench created")
	return nil
}

// awaitGone waits until a namespace is gone. Errors do not end the wait; the last one is returned with the context's.
func awaitGone(ctx context.Context, client kubernetes.Interface, namespace *corev1.Namespace) error {
	var last error
	err := wait.PollUntilContextCancel(ctx, namespacePoll, true, func(ctx context.Context) (bool, error) {
		var found *corev1.Namespace
		found, last = client.CoreV1().Namespaces().Get(ctx, namespace.Name, metav1.GetOptions{})
		return apierrors.IsNotFound(last) || last == nil && namespace.UID != "" && found.UID != namespace.UID, nil
	})
	if err != nil {
		return errors.Join(err, last)
	}
	return nil
}
