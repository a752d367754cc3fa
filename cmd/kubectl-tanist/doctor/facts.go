package doctor

import (
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

// facts are everything that the checks read. They are filled once, and then never change.
type facts struct {
	now time.Time
	// version is the plugin's.
	version string
	// tanistNamespace is where Tanist is installed.
	tanistNamespace string
	// checked is the namespace whose Services are checked; empty for all.
	checked string

	deployment reading[*appsv1.Deployment]
	replicas   reading[[]*corev1.Pod]
	// leases are all of Tanist's namespace.
	leases        reading[[]*coordinationv1.Lease]
	tuning, state reading[*corev1.ConfigMap]
	// metrics are by replica.
	metrics map[string]reading[samples]

	validating reading[*admissionregistrationv1.ValidatingWebhookConfiguration]
	mutating   reading[*admissionregistrationv1.MutatingWebhookConfiguration]
	// secret is cert-manager's, and selfManagedSecret Tanist's own. An installation uses one of them.
	secret, selfManagedSecret reading[*corev1.Secret]
	certificate               reading[*certmanagerv1.Certificate]
	trial                     reading[trial]
	rights                    reading[[]right]

	// The objects of the namespaces that were asked for.
	namespaces reading[[]*corev1.Namespace]
	services   reading[[]*corev1.Service]
	slices     reading[[]*discoveryv1.EndpointSlice]
	pods       reading[[]*corev1.Pod]
	budgets    reading[[]*policyv1.PodDisruptionBudget]
	// workloads are those that roll out pods, by the UID of the controller that the pods name.
	workloads reading[map[types.UID]workload]
	// endpoints are the names of Endpoints objects that have addresses.
	endpoints reading[[]objectName]
	// refusals are the Events about writes that the API server refused.
	refusals reading[[]*corev1.Event]
	// followed are the Leases that Services follow.
	followed reading[status.Leases]
	// oneNode is true if the cluster has a single node.
	oneNode reading[bool]

	// leaders are derived from the objects above: one for each Service that asks for a leader, rightly or wrongly.
	leaders []leader
}

type objectName struct{ namespace, name string }

// reading is the answer to one request.
type reading[T any] struct {
	value T
	// found is false if there is no such object, or if nothing was asked for.
	found bool
	// unread is why the answer is not known, such as "may not read Secrets"; empty if it is.
	unread string
}

// right is one that Tanist's account needs.
type right struct {
	attributes authorizationv1.ResourceAttributes
	granted    bool
}

// unread returns the first reason why one of several readings is not known; empty if all are.
func unread(reasons ...string) string {
	for _, reason := range reasons {
		if reason != "" {
			return reason
		}
	}
	return ""
}
