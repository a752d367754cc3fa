//go:build bench

package bench

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/tanist-dev/tanist/config"
)

// A namespace that comes has churnedServices, each with churnedPods, all of which are replaced once. At most churnAtOnce namespaces are there at a
// time. With a namespace every 15 seconds, that is 240 namespaces, 2,400 Services and 24,000 pods in an hour.
const (
	churnedServices = 10
	churnedPods     = 5
	churnAtOnce     = 8
)

// optIn is how a namespace opts in.
type optIn int

const (
	fromTheStart optIn = iota
	// later is when there are Services and pods.
	later
	// forAWhile is from the start until shortly before the namespace goes.
	forAWhile
	notAtAll
	ways
)

// live creates a namespace, replaces all of its pods, and removes it.
func (c *churn) live(ctx context.Context, number int) error {
	name, way := fmt.Sprintf("churn-%04d", number), optIn(number)%ways
	if err := c.begin(ctx, name, way); err != nil {
		return err
	}
	if way != notAtAll {
		if err := c.awaitLeaders(ctx, name, churnedServices); err != nil {
			return err
		}
	}
	for i := range churnedServices {
		if err := c.replacePods(ctx, name, i); err != nil {
			return err
		}
	}
	switch way {
	case notAtAll:
	case forAWhile:
		if err := c.setOptIn(ctx, name, "null"); err != nil {
			return err
		}
		if err := c.awaitLeaders(ctx, name, 0); err != nil {
			return err
		}
	default:
		if err := c.awaitLeaders(ctx, name, churnedServices); err != nil {
			return err
		}
	}
	return c.remove(ctx, name)
}

func (c *churn) begin(ctx context.Context, name string, way optIn) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if way == fromTheStart || way == forAWhile {
		namespace.Labels = map[string]string{config.EnabledKey: "true"}
	}
	if _, err := c.client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("failed to create namespace; is the cluster fresh? %w", err)
	}
	if err := awaitServiceAccount(ctx, c.client, name); err != nil {
		return err
	}
	for i := range churnedServices {
		if err := c.createService(ctx, name, i); err != nil {
			return err
		}
		c.created.Add(churnedPods)
	}
	if way == later {
		return c.setOptIn(ctx, name, `"true"`)
	}
	return nil
}

// setOptIn sets the label that opts a namespace in to a value, in JSON.
func (c *churn) setOptIn(ctx context.Context, namespace, value string) error {
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:%s}}}`, config.EnabledKey, value)
	if _, err := c.client.CoreV1().Namespaces().Patch(ctx, namespace, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("failed to change the opt-in of a namespace: %w", err)
	}
	return nil
}

// replacePods creates a pod for each of a Service's, and deletes the old one, as a rollout does.
func (c *churn) replacePods(ctx context.Context, namespace string, number int) error {
	name := fmt.Sprintf("web-%04d", number)
	for i := range churnedPods {
		pod := c.pod(name, churnedPods+i, c.nodes[(number+i)%len(c.nodes)])
		if _, err := c.client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("failed to create pod: %w", err)
		}
		c.created.Add(1)
		if err := c.client.CoreV1().Pods(namespace).Delete(ctx, fmt.Sprintf("%s-%d", name, i), metav1.DeleteOptions{}); err != nil {
			return fmt.Errorf("failed to delete pod: %w", err)
		}
	}
	return nil
}

// awaitLeaders waits until so many Services of a namespace have a leader that is not being deleted; with none, until there is no slice of Tanist's.
func (c *churn) awaitLeaders(ctx context.Context, namespace string, want int) error {
	var have, slices int
	err := wait.PollUntilContextTimeout(ctx, 250*time.Millisecond, stallTimeout, true, func(ctx context.Context) (bool, error) {
		list, err := c.client.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{
			LabelSelector: discoveryv1.LabelManagedBy + "=" + config.SliceManagedBy,
		})
		if err != nil {
			return false, err
		}
		have, slices = 0, len(list.Items)
		for i := range list.Items {
			if led(&list.Items[i]) {
				have++
			}
		}
		return have == want && (want > 0 || slices == 0), nil
	})
	if err != nil {
		return fmt.Errorf("%s has %d slices and %d leaders, want %d leaders: %w", namespace, slices, have, want, err)
	}
	return nil
}

// remove deletes a namespace and waits until it has gone.
func (c *churn) remove(ctx context.Context, namespace string) error {
	if err := c.client.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("failed to delete namespace: %w", err)
	}
	err := wait.PollUntilContextTimeout(ctx, time.Second, stallTimeout, false, func(ctx context.Context) (bool, error) {
		_, err := c.client.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return true, nil
		}
		return false, err
	})
	if err != nil {
		return fmt.Errorf("failed to see namespace %s gone: %w", namespace, err)
	}
	return nil
}
