package doctor

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	installed "github.com/tanist-dev/tanist/cmd/kubectl-tanist/installation"
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
			listed(replicas, replicasErr, unfinished), replicasErr),
		answered(&f.leases, "Leases of namespace "+r.tanistNamespace,
			listed(leases, leasesErr, func(l *coordinationv1.LeaseList) []coordinationv1.Lease { return l.Items }), leasesErr),
		answered(&f.tuning, "ConfigMap "+config.TuningConfigMap, tuning, tuningErr),
		answered(&f.state, "ConfigMap "+config.TuningState, state, stateErr),
	)
}

// unfinished returns the pods that have not ended. One that was shut down with its node stays, and is no replica any more.
func unfinished(pods *corev1.PodList) []corev1.Pod {
	return slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool {
		return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
	})
}

// readMetrics reads the metrics of each replica through the API server. It passes no credentials on, and neither does the API server, so this
// works only where metrics are served to anybody. A user's token must not be sent to a pod.
func (r *reader) readMetrics(ctx context.Context, f *facts) error {
	f.metrics = map[string]reading[samples]{}
	for _, pod := range f.replicas.value {
		port, why := installed.OpenMetrics(&pod.Spec)
		m := reading[samples]{unread: why}
		if why == "" {
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
