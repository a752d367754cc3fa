package report

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/doctor"
	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// collector reads what a report has, and puts it into the archive.
type collector struct {
	client          kubernetes.Interface
	tanistNamespace string
	// namespace is the one whose Services the report is about; empty for all.
	namespace string
	version   string
	archive   *archive
}

// Versions is the file versions.json.
type Versions struct {
	Plugin   string    `json:"plugin"`
	Server   string    `json:"server,omitempty"`
	Replicas []Replica `json:"replicas,omitempty"`
}

// Replica is the version of a replica of Tanist.
type Replica struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Image   string `json:"image,omitempty"`
	ImageID string `json:"imageID,omitempty"`
}

// versionLabel is the label in which the chart names the version.
const versionLabel = "app.kubernetes.io/version"

var (
	get  = metav1.GetOptions{}
	list = metav1.ListOptions{}
	// tanists are the objects of an installation of Tanist.
	tanists = metav1.ListOptions{LabelSelector: config.ReplicaNameKey + "=" + config.ReplicaName}
)

// collect reads everything. It returns an error if the API server does not answer, or if the context ends. Whatever else cannot be read is noted in
// the archive.
func (c *collector) collect(ctx context.Context) error {
	v := Versions{Plugin: c.version}
	server, err := discovery.ToServerVersionInterfaceWithContext(c.client.Discovery()).ServerVersionWithContext(ctx)
	var answered apierrors.APIStatus
	switch {
	case err == nil:
		v.Server = server.GitVersion
	case !errors.As(err, &answered):
		return fmt.Errorf("failed to reach the API server: %w", err)
	default:
		c.archive.missing("the version of the API server", err)
	}
	c.webhooks(ctx) // first: the archive learns what to leave out
	replicas := c.replicas(ctx)
	for i := range replicas {
		v.Replicas = append(v.Replicas, versionOf(&replicas[i]))
	}
	c.archive.object("versions.json", v)
	if d, err := doctor.Diagnose(ctx, c.client, c.tanistNamespace, c.namespace, c.version); !c.archive.missing("doctor.json", err) {
		c.archive.object("doctor.json", d)
	}
	c.installation(ctx)
	c.services(ctx)
	for i := range replicas {
		c.logs(ctx, &replicas[i])
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	return nil
}

func versionOf(pod *corev1.Pod) Replica {
	r := Replica{Name: pod.Name, Version: pod.Labels[versionLabel]}
	if len(pod.Spec.Containers) > 0 {
		r.Image = pod.Spec.Containers[0].Image
	}
	for i := range pod.Status.ContainerStatuses {
		if len(pod.Spec.Containers) > 0 && pod.Status.ContainerStatuses[i].Name == pod.Spec.Containers[0].Name {
			r.ImageID = pod.Status.ContainerStatuses[i].ImageID
		}
	}
	return r
}

// webhooks adds the webhook configurations, and tells the archive the secrets in their paths.
func (c *collector) webhooks(ctx context.Context) {
	const file = "tanist/webhooks.json"
	name, api := config.WebhookConfiguration(c.tanistNamespace), c.client.AdmissionregistrationV1()
	var all []Webhook
	validating, err := api.ValidatingWebhookConfigurations().Get(ctx, name, get)
	if !c.archive.missing(file+": ValidatingWebhookConfiguration "+name, err) {
		for i := range validating.Webhooks {
			c.archive.know(secretOf(validating.Webhooks[i].ClientConfig))
		}
		all = validatingOf(validating)
	}
	mutating, err := api.MutatingWebhookConfigurations().Get(ctx, name, get)
	if !c.archive.missing(file+": MutatingWebhookConfiguration "+name, err) {
		for i := range mutating.Webhooks {
			c.archive.know(secretOf(mutating.Webhooks[i].ClientConfig))
		}
		all = append(all, mutatingOf(mutating)...)
	}
	if len(all) > 0 {
		c.archive.object(file, all)
	}
}

// replicas adds Tanist's pods and returns them.
func (c *collector) replicas(ctx context.Context) []corev1.Pod {
	pods, err := c.client.CoreV1().Pods(c.tanistNamespace).List(ctx, tanists)
	if c.archive.missing("tanist/pods.json", err) {
		return nil
	}
	c.archive.object("tanist/pods.json", each(status.Pointers(pods.Items), podOf))
	return pods.Items
}

// installation adds what else is in Tanist's namespace.
func (c *collector) installation(ctx context.Context) {
	core := c.client.CoreV1()
	if deployments, err := c.client.AppsV1().Deployments(c.tanistNamespace).List(ctx, tanists); !c.archive.missing("tanist/deployments.json", err) {
		c.archive.object("tanist/deployments.json", each(status.Pointers(deployments.Items), deploymentOf))
	}
	if leases, err := c.client.CoordinationV1().Leases(c.tanistNamespace).List(ctx, list); !c.archive.missing("tanist/leases.json", err) {
		c.archive.object("tanist/leases.json", each(status.Pointers(leases.Items), leaseOf))
	}
	for _, name := range []string{config.TuningConfigMap, config.TuningState} {
		file := "tanist/" + name + ".json"
		if configMap, err := core.ConfigMaps(c.tanistNamespace).Get(ctx, name, get); !c.archive.missing(file, err) {
			c.archive.object(file, configMapOf(configMap))
		}
	}
	if events, err := core.Events(c.tanistNamespace).List(ctx, list); !c.archive.missing("tanist/events.json", err) {
		c.archive.object("tanist/events.json", tanistsEvents(status.Pointers(events.Items)))
	}
	// Events about objects without a namespace are there, such as those about webhook configurations.
	if events, err := core.Events(metav1.NamespaceDefault).List(ctx, list); !c.archive.missing("tanist/events-webhooks.json", err) {
		c.archive.object("tanist/events-webhooks.json", eventsAbout(metav1.NamespaceDefault, nil, status.Pointers(events.Items)))
	}
}

// each returns what is included of each object.
func each[T, R any](objects []*T, of func(*T) R) []R {
	all := make([]R, 0, len(objects))
	for _, object := range objects {
		all = append(all, of(object))
	}
	return all
}
