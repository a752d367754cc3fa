package explain

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// Reader reads what explains the Services of a namespace, with the user's own permissions.
type Reader struct {
	Client    kubernetes.Interface
	Namespace string
	// TanistNamespace is where Tanist is installed.
	TanistNamespace string
}

// Read reads what explains Services, one Input for each name, in one view of the namespace. The name of a leader Service stands for that of the
// Service it was made for. What the user may not read is missing, with a note.
func (r Reader) Read(ctx context.Context, services ...string) ([]Input, error) {
	inputs, err := r.ReadExisting(ctx, services...)
	if err != nil {
		return nil, err
	}
	for i := range inputs {
		if inputs[i].Service == nil {
			return nil, apierrors.NewNotFound(corev1.Resource("services"), services[i])
		}
	}
	return inputs, nil
}

// ReadExisting is Read, except that a Service that does not exist is no error: its Input has none.
func (r Reader) ReadExisting(ctx context.Context, services ...string) ([]Input, error) {
	all := Input{}
	all.PodsKnown = true
	for _, read := range []func(context.Context, *Input) error{r.readServices, r.readPods, r.readWorkloads} {
		if err := read(ctx, &all); err != nil {
			return nil, err
		}
	}
	var inputs []Input
	tanist := map[string]*installed{}
	for _, name := range services {
		in := all
		if in.Service = status.Source(in.Services, name); in.Service == nil {
			inputs = append(inputs, in)
			continue
		}
		in.Others, in.Notes = slices.Clone(all.Others), slices.Clone(all.Notes)
		r.readInstallation(ctx, tanist, &in)
		if err := r.readNodes(ctx, &in); err != nil {
			return nil, err
		}
		if err := r.readLease(ctx, &in); err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

// installed is what is known of one installation of Tanist.
type installed struct {
	observation status.Observation
	tuning      config.Tuning
	tuningKnown bool
}

// readInstallation reads how the Tanist that serves the Service is installed and tuned. The leader Service names its namespace, so that whoever has
// it elsewhere need not say so. Each installation is read once.
func (r Reader) readInstallation(ctx context.Context, all map[string]*installed, in *Input) {
	namespace := r.TanistNamespace
	options, _ := config.ParseOptions(in.Service)
	if leaderService := status.LeaderServiceOf(in.Service, options.LeaderService, in.Services); leaderService != nil {
		namespace = cmp.Or(leaderService.Annotations[config.InstallationKey], namespace)
	}
	known := all[namespace]
	if known == nil {
		tanist := installation.Reader{Client: r.Client, Namespace: namespace}
		known = &installed{observation: tanist.Observation(ctx)}
		known.tuning, known.tuningKnown = tanist.Tuning(ctx)
		all[namespace] = known
	}
	in.Observation, in.Tuning = known.observation, known.tuning
	if !known.tuningKnown {
		in.Notes = append(in.Notes, "the tuning could not be read, so its defaults are assumed")
	}
}

// readServices reads the Services, the EndpointSlices and the Namespace. These are needed, except for the Namespace.
func (r Reader) readServices(ctx context.Context, in *Input) error {
	services, err := r.Client.CoreV1().Services(r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("failed to list Services: %w", err)
	}
	in.Services = status.Pointers(services.Items)
	endpointSlices, err := r.Client.DiscoveryV1().EndpointSlices(r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("failed to list EndpointSlices: %w", err)
	}
	in.Slices = status.Pointers(endpointSlices.Items)
	namespace, err := r.Client.CoreV1().Namespaces().Get(ctx, r.Namespace, metav1.GetOptions{})
	if err == nil {
		in.Namespace = namespace
	}
	return in.optional(err, "whether the namespace is opted in is not known")
}

// readPods reads the pods, and the Events about rejected writes.
func (r Reader) readPods(ctx context.Context, in *Input) error {
	pods, err := r.Client.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{})
	if err == nil {
		in.Pods = status.Pointers(pods.Items)
	} else {
		in.PodsKnown = false
	}
	if err := in.optional(err, "pods and how the leader is watched are not shown"); err != nil {
		return err
	}
	events, err := r.Client.CoreV1().Events(r.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("reason", status.ReasonWriteRefused).String(),
	})
	if err == nil {
		in.Events = status.Pointers(events.Items)
	}
	return in.optional(err, "Tanist's writes that the API server rejects are not shown")
}

// readWorkloads reads what announces that pods go, and to which workload they belong.
func (r Reader) readWorkloads(ctx context.Context, in *Input) error {
	apps, all := r.Client.AppsV1(), metav1.ListOptions{}
	err := func() error {
		replicaSets, err := apps.ReplicaSets(r.Namespace).List(ctx, all)
		if err != nil {
			return err
		}
		for i := range replicaSets.Items {
			in.Others = append(in.Others, &metav1.PartialObjectMetadata{ObjectMeta: replicaSets.Items[i].ObjectMeta})
		}
		deployments, err := apps.Deployments(r.Namespace).List(ctx, all)
		if err != nil {
			return err
		}
		statefulSets, err := apps.StatefulSets(r.Namespace).List(ctx, all)
		if err != nil {
			return err
		}
		daemonSets, err := apps.DaemonSets(r.Namespace).List(ctx, all)
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
func (r Reader) readNodes(ctx context.Context, in *Input) error {
	const missing = "nodes that are cordoned, about to be removed or not heard of are not taken into account"
	seen := map[string]bool{"": true}
	for _, pod := range status.Selected(in.Service, in.Pods) {
		if name := pod.Spec.NodeName; !seen[name] {
			seen[name] = true
			node, err := r.Client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
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
