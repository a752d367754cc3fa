package explain

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// reader reads what explains one Service, with the user's own permissions.
type reader struct {
	options
	client kubernetes.Interface
}

// read reads everything once. What the user may not read is missing, with a note.
func (r *reader) read(ctx context.Context) (Input, error) {
	in := Input{}
	in.PodsKnown = true
	if err := r.readServices(ctx, &in); err != nil {
		return in, err
	}
	if err := r.readPods(ctx, &in); err != nil {
		return in, err
	}
	if err := r.readWorkloads(ctx, &in); err != nil {
		return in, err
	}
	if err := r.readNodes(ctx, &in); err != nil {
		return in, err
	}
	tanist := installation.Reader{Client: r.client, Namespace: r.tanistNamespace}
	in.Observation = tanist.Observation(ctx)
	known := false
	if in.Tuning, known = tanist.Tuning(ctx); !known {
		in.Notes = append(in.Notes, "the tuning could not be read, so its defaults are assumed")
	}
	return in, nil
}

// readServices reads the Service, its leader Service and their namespace. These are needed, except for the Namespace.
func (r *reader) readServices(ctx context.Context, in *Input) error {
	services, err := r.client.CoreV1().Services(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("failed to list Services: %w", err)
	}
	in.Services = status.Pointers(services.Items)
	if in.Service = status.Source(in.Services, r.service); in.Service == nil {
		return apierrors.NewNotFound(corev1.Resource("services"), r.service)
	}
	endpointSlices, err := r.client.DiscoveryV1().EndpointSlices(r.namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("failed to list EndpointSlices: %w", err)
	}
	in.Slices = status.Pointers(endpointSlices.Items)
	namespace, err := r.client.CoreV1().Namespaces().Get(ctx, r.namespace, metav1.GetOptions{})
	if err == nil {
		in.Namespace = namespace
	}
	return in.optional(err, "whether the namespace is opted in is not known")
}

// readPods reads the pods, and the Events about rejected writes.
func (r *reader) readPods(ctx context.Context, in *Input) error {
	pods, err := r.client.CoreV1().Pods(r.namespace).List(ctx, metav1.ListOptions{})
	if err == nil {
		in.Pods = status.Pointers(pods.Items)
	} else {
		in.PodsKnown = false
	}
	if err := in.optional(err, "pods and how the leader is watched are not shown"); err != nil {
		return err
	}
	events, err := r.client.CoreV1().Events(r.namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("reason", status.ReasonWriteRefused).String(),
	})
	if err == nil {
		in.Events = status.Pointers(events.Items)
	}
	return in.optional(err, "Tanist's writes that the API server rejects are not shown")
}

// readWorkloads reads what announces that pods go, and to which workload they belong.
func (r *reader) readWorkloads(ctx context.Context, in *Input) error {
	apps, all := r.client.AppsV1(), metav1.ListOptions{}
	err := func() error {
		replicaSets, err := apps.ReplicaSets(r.namespace).List(ctx, all)
		if err != nil {
			return err
		}
		for i := range replicaSets.Items {
			in.Others = append(in.Others, &metav1.PartialObjectMetadata{ObjectMeta: replicaSets.Items[i].ObjectMeta})
		}
		deployments, err := apps.Deployments(r.namespace).List(ctx, all)
		if err != nil {
			return err
		}
		statefulSets, err := apps.StatefulSets(r.namespace).List(ctx, all)
		if err != nil {
			return err
		}
		daemonSets, err := apps.DaemonSets(r.namespace).List(ctx, all)
		if err != nil {
			return err
		}
		in.Others = append(in.Others, objects(status.Pointers(deployments.Items))...)
		in.Others = append(in.Others, objects(status.Pointers(statefulSets.Items))...)
		in.Others = append(in.Others, objects(status.Pointers(daemonSets.Items))...)
		return nil
	}()
	in.WorkloadsKnown = err == nil
	return in.optional(err, "rollouts, scale-downs and to which workload pods belong are not taken into account")
}

// readNodes reads the nodes of the Service's pods, one by one: a cluster may have thousands.
func (r *reader) readNodes(ctx context.Context, in *Input) error {
	const missing = "nodes that are cordoned, about to be removed or not heard of are not taken into account"
	seen := map[string]bool{"": true}
	for _, pod := range status.Selected(in.Service, in.Pods) {
		if name := pod.Spec.NodeName; !seen[name] {
			seen[name] = true
			node, err := r.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
			switch {
			case err == nil:
				in.Others = append(in.Others, node)
			case !apierrors.IsNotFound(err):
				return in.optional(err, missing)
			}
		}
	}
	return nil
}

// optional makes a note of what the user may not read. It returns any other error.
func (in *Input) optional(err error, missing string) error {
	switch {
	case err == nil:
		return nil
	case apierrors.IsForbidden(err):
		in.Notes = append(in.Notes, fmt.Sprintf("%s: %v", missing, err))
		return nil
	}
	return fmt.Errorf("failed to read what explains the Service: %w", err)
}

// objects returns pointers as objects.
func objects[T metav1.Object](items []T) []metav1.Object {
	all := make([]metav1.Object, 0, len(items))
	for _, item := range items {
		all = append(all, item)
	}
	return all
}
