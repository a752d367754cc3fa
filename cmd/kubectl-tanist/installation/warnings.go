package installation

import (
	"context"
	"fmt"
	"slices"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

// MaxRenewAge is how old the last renewal of the Lease may be. It is longer than it takes to notice that a replica has died, and longer
// than the clocks of this machine and of a node usually differ.
const MaxRenewAge = time.Minute

// Warnings returns a warning if Tanist is not running, and one if anybody could call its admission. It says nothing about what the user may
// not read.
func (r Reader) Warnings(ctx context.Context) []status.Warning {
	warnings := r.authenticated(ctx)
	if notRunning, _ := r.Running(ctx); notRunning != nil {
		warnings = append([]status.Warning{*notRunning}, warnings...)
	}
	return warnings
}

// authenticated returns a warning if a webhook has no secret. Without webhook configurations there is nothing to warn of.
func (r Reader) authenticated(ctx context.Context) []status.Warning {
	api, name := r.Client.AdmissionregistrationV1(), config.WebhookConfiguration(r.Namespace)
	var calls []admissionregistrationv1.WebhookClientConfig
	if validating, err := api.ValidatingWebhookConfigurations().Get(ctx, name, metav1.GetOptions{}); err == nil {
		for _, webhook := range validating.Webhooks {
			calls = append(calls, webhook.ClientConfig)
		}
	}
	if mutating, err := api.MutatingWebhookConfigurations().Get(ctx, name, metav1.GetOptions{}); err == nil {
		for _, webhook := range mutating.Webhooks {
			calls = append(calls, webhook.ClientConfig)
		}
	}
	if !slices.ContainsFunc(calls, config.Unauthenticated) {
		return nil
	}
	return []status.Warning{{Phrase: status.NotAuthenticated, Detail: fmt.Sprintf(
		"the webhook configurations %s have no secret, so Tanist trusts no call: run kubectl tanist rotate-secret --tanist-namespace %s",
		name, r.Namespace)}}
}

// Running returns a warning if nobody renews the Lease. known is false if the user may not read it.
func (r Reader) Running(ctx context.Context) (warning *status.Warning, known bool) {
	lease, err := r.Client.CoordinationV1().Leases(r.Namespace).Get(ctx, config.LeaseName, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, false
	}
	if err != nil {
		lease = nil
	}
	problem := LeaseProblem(lease, r.Namespace, time.Now())
	if problem == "" {
		return nil, true
	}
	if n := r.readyReplicas(ctx); n > 0 {
		return &status.Warning{Phrase: status.TanistWaits, Detail: fmt.Sprintf(
			"%s, and %d of its replicas are ready: they replace lost leaders, and everything else waits until one of them has the Lease, "+
				"up to 17 seconds after the start", problem, n)}, true
	}
	return &status.Warning{Phrase: status.TanistNotRunning, Detail: problem}, true
}

// readyReplicas returns how many replicas are ready; none if the user may not read them.
func (r Reader) readyReplicas(ctx context.Context) (n int) {
	replicas, err := r.Client.CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: config.ReplicaNameKey + "=" + config.ReplicaName})
	if err != nil {
		return 0
	}
	for i := range replicas.Items {
		if status.Ready(&replicas.Items[i]) {
			n++
		}
	}
	return n
}

// LeaseProblem returns how a Lease shows that nobody renews it. It is empty if somebody does.
func LeaseProblem(lease *coordinationv1.Lease, namespace string, now time.Time) string {
	switch {
	case lease == nil:
		return fmt.Sprintf("there is no Lease %s in namespace %s (set --tanist-namespace if Tanist is elsewhere)", config.LeaseName, namespace)
	case lease.Spec.HolderIdentity == nil || *lease.Spec.HolderIdentity == "":
		return fmt.Sprintf("no replica holds its Lease in namespace %s", namespace)
	case lease.Spec.RenewTime == nil:
		return fmt.Sprintf("its Lease in namespace %s was never renewed", namespace)
	case now.Sub(lease.Spec.RenewTime.Time) > MaxRenewAge:
		return fmt.Sprintf("its Lease in namespace %s was last renewed %s ago", namespace, duration.HumanDuration(now.Sub(lease.Spec.RenewTime.Time)))
	}
	return ""
}
