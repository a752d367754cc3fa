package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

const (
	// createTime bounds a request that must not be cut short: an object whose creation was not seen would stay.
	createTime = 15 * time.Second
	// cleanupTime bounds the clean-up, whose context is not the run's.
	cleanupTime = 2 * time.Minute
)

// cleaner remembers what was made and removes it.
type cleaner struct {
	client     kubernetes.Interface
	say        func(format string, args ...any)
	namespaces []*corev1.Namespace
}

// createNamespace creates a namespace that the clean-up will remove. An interrupt does not cut it short.
func (c *cleaner) createNamespace(ctx context.Context, namespace *corev1.Namespace) (string, error) {
	if err := context.Cause(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTime)
	defer cancel()
	created, err := c.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("failed to create namespace: %w", err)
	}
	c.namespaces = append(c.namespaces, created)
	return created.Name, nil
}

// clean removes everything, also when the run's context has ended, and says so. It returns once all is gone, or what is not.
func (c *cleaner) clean(ctx context.Context) error {
	if len(c.namespaces) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	var errs []error
	for _, namespace := range slices.Backward(c.namespaces) {
		// The UID keeps a namespace that somebody else created under this name since.
		err := c.client.CoreV1().Namespaces().Delete(ctx, namespace.Name, metav1.DeleteOptions{
			Preconditions: metav1.NewUIDPreconditions(string(namespace.UID)),
		})
		if err != nil && !apierrors.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("failed to delete namespace %s, which bench made: %w", namespace.Name, err))
			continue
		}
		c.say("Removing namespace %s", namespace.Name)
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for _, namespace := range c.namespaces {
		if err := awaitGone(ctx, c.client, namespace); err != nil {
			return fmt.Errorf("failed to see namespace %s go, it was deleted: %w", namespace.Name, err)
		}
	}
	c.say("Removed everything that bench made")
	return nil
}

// awaitGone watches a namespace until it is gone.
func awaitGone(ctx context.Context, client kubernetes.Interface, namespace *corev1.Namespace) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	gone := &goneHandler{uid: namespace.UID}
	opts := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, namespace.Name).String()}
	if _, err := follow(ctx, client.CoreV1().Namespaces(), opts, gone); err != nil {
		return err
	}
	return gone.wait(ctx, func() (bool, time.Duration) { return gone.gone, 0 })
}

// goneHandler notes that one namespace is there no more.
type goneHandler struct {
	bell
	uid  types.UID
	gone bool
}

func (h *goneHandler) replace(_ time.Time, objects []runtime.Object) {
	h.Lock()
	defer h.Unlock()
	h.gone = !slices.ContainsFunc(objects, h.isIt)
	h.ring()
}

func (h *goneHandler) event(_ time.Time, kind watch.EventType, object runtime.Object) {
	h.Lock()
	defer h.Unlock()
	h.gone = h.gone || kind == watch.Deleted && h.isIt(object)
	h.ring()
}

func (h *goneHandler) isIt(object runtime.Object) bool {
	namespace, ok := object.(*corev1.Namespace)
	return ok && namespace.UID == h.uid
}

func (h *goneHandler) trouble(error) {}
