//go:build integration

package integration_test

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"

	"github.com/tanist-dev/tanist/cmd/tanist/app"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// Which of its rights Tanist uses.

// uses are the requests of a replica, as the API server's authorizer sees them.
type uses struct {
	mu   sync.Mutex
	seen []request.RequestInfo
}

var requests = request.RequestInfoFactory{
	APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api"),
}

// record is a tap of a network.
func (u *uses) record(r *http.Request) (overloaded bool) {
	info, err := requests.NewRequestInfo(r)
	if err != nil || !info.IsResourceRequest {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.seen = append(u.seen, *info)
	return false
}

// unused returns the rights in a rendered chart that no request has used, one verb of one resource and name each.
func (u *uses) unused(t *testing.T, objects []*unstructured.Unstructured) []string {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []string
	for _, object := range objects {
		role := &rbacv1.ClusterRole{} // a Role has the same fields
		if kind := object.GetKind(); kind != "Role" && kind != "ClusterRole" || strings.HasSuffix(object.GetName(), "-metrics-reader") {
			continue
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, role); err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			all = append(all, u.unusedOf(rule, object.GetNamespace())...)
		}
	}
	return all
}

// unusedOf returns what no request has used of a rule; namespace is where it holds, empty for everywhere. Who watches may have to list: this
// API server begins a watch with a list, older ones do not.
func (u *uses) unusedOf(rule rbacv1.PolicyRule, namespace string) (all []string) {
	names := rule.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	for _, group := range rule.APIGroups {
		for _, resource := range rule.Resources {
			if resource == "endpointslices/restricted" {
				continue // OpenShift's admission asks for it; no request names it
			}
			resource, subresource, _ := strings.Cut(resource, "/")
			for _, name := range names {
				for _, verb := range rule.Verbs {
					if !slices.ContainsFunc(u.seen, func(r request.RequestInfo) bool {
						return r.APIGroup == group && r.Resource == resource && r.Subresource == subresource && (r.Verb == verb || r.Verb == "watch" && verb == "list") &&
							(name == "" || r.Name == name) && (namespace == "" || r.Namespace == namespace)
					}) {
						all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s/%s.%s %s", verb, resource, subresource, group, name)))
					}
				}
			}
		}
	}
	return all
}

// maySelect waits until no webhook refuses a selector of a leader Service.
func (s *testNamespace) maySelect(leaderService string) {
	s.t.Helper()
	history.eventually(s.t, func() string {
		if _, err := clientset.CoreV1().Services(s.namespace).Patch(s.t.Context(), leaderService, types.MergePatchType,
			[]byte(`{"spec":{"selector":{"app":"x"}}}`), metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
			return "that the webhooks are gone: " + err.Error()
		}
		return ""
	})
}

// TestEveryRightIsUsed: a replica does everything that needs a right. A right that nothing here uses is one that only a thief needs.
func TestEveryRightIsUsed(t *testing.T) {
	i := newInstalled(t)
	// A replica creates the Lease where there is none.
	if err := clientset.CoordinationV1().Leases(release).Delete(t.Context(), config.LeaseName, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	used, wires := &uses{}, &network{}
	tap := used.record
	wires.tap.Store(&tap)
	metrics := env.UnusedAddress()
	r := i.startBehind(wires, app.Options{
		WebhookPort: env.UnusedPort(), CertDir: theChart.mount.folder, WebhookConfiguration: configurations,
		MetricsAddress: metrics, MetricsSecure: true,
	})
	i.call(r)
	r.waitElected()
	i.put("cache: {preparedTTL: 10m}", r) // which is saved

	s, _ := pair(t) // created and handed over
	s.kill("a")
	s.leads("web", "b")
	s.evictsAfterHandover()
	s.annotate("web-leader", config.InstallationKey, "no-such-namespace") // whether that one is there
	s.exists("web-leader", func(service *corev1.Service) string {
		if service.Annotations[config.InstallationKey] != release {
			return "that it is taken over"
		}
		return ""
	})
	s.annotate("web", config.FollowLeaseKey, "elected")
	s.holds("elected", "b")
	s.leads("web", "b")
	i.removeWebhooks(t.Context()) // which refuse a selector
	s.maySelect("web-leader")
	s.selects("web-leader", "web") // leftovers
	s.noneButOurs("web-leader")
	s.annotate("web", config.EnabledKey, "false")
	s.isGone("web-leader")
	token := s.token("anybody")
	history.eventually(t, func() string {
		if status, err := askForMetrics(t, &tls.Config{InsecureSkipVerify: true}, metrics, token); status != http.StatusForbidden {
			return fmt.Sprintf("that the right to read metrics is asked for, got %d, %v", status, err)
		}
		return ""
	})

	objects, err := rendered()
	if err != nil {
		t.Fatal(err)
	}
	history.eventually(t, func() string {
		if unused := used.unused(t, objects); len(unused) > 0 {
			return "that these rights are used: " + strings.Join(unused, ", ")
		}
		return ""
	})
}
