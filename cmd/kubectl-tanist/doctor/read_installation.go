package doctor

import (
	"bytes"
	"context"
	"errors"
	"strconv"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// readInstallation reads what is in Tanist's own namespace.
func (r *reader) readInstallation(ctx context.Context, f *facts) error {
	core := r.client.CoreV1()
	deployment, deploymentErr := r.client.AppsV1().Deployments(r.tanistNamespace).Get(ctx, config.ReplicaName, get)
	replicas, replicasErr := core.Pods(r.tanistNamespace).List(ctx, metav1.ListOptions{LabelSelector: config.ReplicaNameKey + "=" + config.ReplicaName})
	leases, leasesErr := r.client.CoordinationV1().Leases(r.tanistNamespace).List(ctx, list)
	tuning, tuningErr := core.ConfigMaps(r.tanistNamespace).Get(ctx, config.TuningConfigMap, get)
	state, stateErr := core.ConfigMaps(r.tanistNamespace).Get(ctx, config.TuningState, get)
	if apierrors.IsNotFound(tuningErr) {
		tuning = nil
	}
	if apierrors.IsNotFound(stateErr) {
		state = nil
	}
	return errors.Join(
		answered(&f.deployment, "Deployments of namespace "+r.tanistNamespace, deployment, deploymentErr),
		answered(&f.replicas, "pods of namespace "+r.tanistNamespace,
			listed(replicas, replicasErr, func(l *corev1.PodList) []corev1.Pod { return l.Items }), replicasErr),
		answered(&f.leases, "Leases of namespace "+r.tanistNamespace,
			listed(leases, leasesErr, func(l *coordinationv1.LeaseList) []coordinationv1.Lease { return l.Items }), leasesErr),
		answered(&f.tuning, "ConfigMap "+config.TuningConfigMap, tuning, tuningErr),
		answered(&f.state, "ConfigMap "+config.TuningState, state, stateErr),
	)
}

// readMetrics reads the metrics of each replica through the API server. It passes no credentials on, and neither does the API server, so this
// works only where metrics are served to anybody. A user's token must not be sent to a pod.
func (r *reader) readMetrics(ctx context.Context, f *facts) error {
	f.metrics = map[string]reading[samples]{}
	for _, pod := range f.replicas.value {
		port := metricsPort(pod)
		var m reading[samples]
		switch {
		case port == 0:
			m.unread = "replicas serve no metrics"
		case !f.replicaFlag("--metrics-secure=false"):
			m.unread = "replicas show their metrics only to whom they know, such as Prometheus"
		default:
			text, err := r.client.CoreV1().Pods(r.tanistNamespace).ProxyGet("http", pod.Name, strconv.Itoa(int(port)), "metrics", nil).DoRaw(ctx)
			var parsed samples
			if err == nil {
				parsed, err = parseSamples(bytes.NewReader(text))
			}
			if answered(&m, "metrics of pods (pods/proxy)", parsed, err) != nil {
				m.unread = "replica " + pod.Name + " does not show its metrics"
			}
		}
		f.metrics[pod.Name] = m
	}
	return nil
}

// metricsPort returns the port where a replica serves metrics; 0 if there is none.
func metricsPort(pod *corev1.Pod) int32 {
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if port.Name == "metrics" {
				return port.ContainerPort
			}
		}
	}
	return 0
}
