//go:build chart

package deploy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/config"
)

// webhook are the fields in which the webhooks differ.
type webhook struct {
	Path, SideEffects string
	Timeout           int32
	Rules, Conditions []string
}

// TestWebhooks checks for which requests the API server calls each webhook.
func TestWebhooks(t *testing.T) {
	const notByNode = "!('system:nodes' in request.userInfo.groups)"
	want := map[string]webhook{
		"departures.tanist.dev": {
			Path: config.PathDepartures, SideEffects: "NoneOnDryRun", Timeout: 1,
			Rules:      []string{"DELETE v1 pods", "CREATE v1 pods/eviction"},
			Conditions: []string{notByNode, "oldObject == null || !has(oldObject.metadata.deletionTimestamp)"},
		},
		"services.tanist.dev": {
			Path: config.PathServices, SideEffects: "None", Timeout: 1,
			Rules: []string{"CREATE,UPDATE,DELETE v1 services"},
			Conditions: []string{
				"[object, oldObject].exists(o, o != null && ( " +
					"has(o.metadata.annotations) && o.metadata.annotations.exists(key, key.startsWith('tanist.dev/')) || " +
					"has(o.metadata.labels) && o.metadata.labels.exists(key, key.startsWith('tanist.dev/'))))",
				"request.userInfo.username != 'system:serviceaccount:" + namespace + ":tanist'",
				"request.operation != 'DELETE' || oldObject.metadata.?labels[?'app.kubernetes.io/managed-by'].orValue('') == 'tanist' && " +
					"!request.userInfo.username.startsWith('system:serviceaccount:kube-system:')",
			},
		},
		"namespaces.tanist.dev": {
			Path: config.PathNamespaces, SideEffects: "None", Timeout: 1,
			Rules: []string{"CREATE,UPDATE v1 namespaces"},
			Conditions: []string{
				"oldObject == null ? object.metadata.?labels[?'tanist.dev/enabled'].hasValue() : " +
					"object.metadata.?labels[?'tanist.dev/enabled'] != oldObject.metadata.?labels[?'tanist.dev/enabled']",
				"object.metadata.?labels[?'tanist.dev/enabled'].orValue('') != 'true'",
			},
		},
		"tuning.tanist.dev": {
			Path: config.PathTuning, SideEffects: "None", Timeout: 2,
			Rules: []string{"CREATE,UPDATE v1 configmaps"},
			Conditions: []string{
				"has(object.metadata.name) && object.metadata.name == '" + config.TuningConfigMap + "'",
				"oldObject == null || object.metadata.?labels[?'app.kubernetes.io/version'] == " +
					"oldObject.metadata.?labels[?'app.kubernetes.io/version']",
			},
		},
		"drainwindow.tanist.dev": {
			Path: config.PathPods, SideEffects: "None", Timeout: 1,
			Rules: []string{"CREATE,UPDATE v1 pods"},
			Conditions: []string{notByNode, "oldObject == null || " +
				"oldObject.metadata.?annotations[?'tanist.dev/drain-window-applied'].hasValue() && object.spec != oldObject.spec || " +
				"has(object.metadata.annotations) && object.metadata.annotations.exists(key, key.startsWith('tanist.dev/') && " +
				"object.metadata.annotations[key] != oldObject.metadata.?annotations[?key].orValue(''))"},
		},
	}
	got := map[string]webhook{}
	const secret = "0123456789abcdefghijklmnopqrstuvwxyz"
	for _, w := range webhooks(t, render(t, "admission.secret="+secret)) {
		summary := webhook{Path: strings.TrimPrefix(*w.ClientConfig.Service.Path, "/"+secret), SideEffects: string(*w.SideEffects), Timeout: *w.TimeoutSeconds}
		for _, rule := range w.Rules {
			scope := admissionv1.NamespacedScope
			if w.Name == "namespaces.tanist.dev" {
				scope = admissionv1.ClusterScope
			}
			if rule.APIGroups[0] != "" || *rule.Scope != scope {
				t.Errorf("%s: unexpected group or scope in %v", w.Name, rule)
			}
			var operations []string
			for _, operation := range rule.Operations {
				operations = append(operations, string(operation))
			}
			summary.Rules = append(summary.Rules, fmt.Sprintf("%s %s %s", strings.Join(operations, ","),
				strings.Join(rule.APIVersions, ","), strings.Join(rule.Resources, ",")))
		}
		for _, condition := range w.MatchConditions {
			summary.Conditions = append(summary.Conditions, condition.Expression)
		}
		got[w.Name] = summary
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected webhooks (-want +got):\n%s", diff)
	}
}

// TestNoPathIsRendered checks that a manifest without a secret takes back no secret that was set later.
func TestNoPathIsRendered(t *testing.T) {
	for _, w := range webhooks(t, renderDefault(t)) {
		if path := w.ClientConfig.Service.Path; path != nil {
			t.Errorf("%s: calls %s", w.Name, *path)
		}
	}
}

// TestNoWebhookCanBlock checks that the API server does not wait long for a webhook, and allows a request if the call fails.
func TestNoWebhookCanBlock(t *testing.T) {
	all := renderDefault(t)
	service := get[*corev1.Service](t, all, "tanist")
	for _, w := range webhooks(t, all) {
		if *w.FailurePolicy != admissionv1.Ignore {
			t.Errorf("%s: failurePolicy is %s", w.Name, *w.FailurePolicy)
		}
		if *w.TimeoutSeconds > 2 {
			t.Errorf("%s: timeout of %d s", w.Name, *w.TimeoutSeconds)
		}
		if *w.MatchPolicy != admissionv1.Equivalent {
			t.Errorf("%s: matchPolicy is %s", w.Name, *w.MatchPolicy)
		}
		if len(w.ClientConfig.CABundle) > 0 {
			t.Errorf("%s: has a caBundle, which the injector must set", w.Name)
		}
		if to := w.ClientConfig.Service; to.Namespace != namespace || to.Name != service.Name || *to.Port != service.Spec.Ports[0].Port {
			t.Errorf("%s: calls %s/%s:%d", w.Name, to.Namespace, to.Name, *to.Port)
		}
	}
}

// TestWebhookNamespaces checks that webhooks are for opted-in namespaces, and the tuning's for Tanist's namespace.
func TestWebhookNamespaces(t *testing.T) {
	cases := map[string]struct {
		name    string
		optedIn bool
		// others, namespaces and tuning are the webhooks that are for the namespace.
		others, namespaces, tuning bool
	}{
		"opted in":               {name: "shop", optedIn: true, others: true, namespaces: true},
		"not opted in":           {name: "shop", namespaces: true},
		"kube-system":            {name: "kube-system", optedIn: true},
		"Tanist's own":           {name: namespace, tuning: true},
		"Tanist's own, opted in": {name: namespace, optedIn: true, tuning: true},
	}
	all := webhooks(t, renderDefault(t))
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			set := labels.Set{corev1.LabelMetadataName: test.name}
			if test.optedIn {
				set[config.EnabledKey] = "true"
			}
			for _, w := range all {
				selector, err := metav1.LabelSelectorAsSelector(w.NamespaceSelector)
				if err != nil {
					t.Fatal(err)
				}
				want := test.others
				switch w.Name {
				case "tuning.tanist.dev":
					want = test.tuning
				case "namespaces.tanist.dev":
					want = test.namespaces
				}
				if got := selector.Matches(set); got != want {
					t.Errorf("%s: got %v, want %v", w.Name, got, want)
				}
			}
		})
	}
}

// webhooks returns the webhooks of both configurations, and checks the fields that only mutating ones have.
func webhooks(t *testing.T, all objects) []admissionv1.ValidatingWebhook {
	t.Helper()
	validating := get[*admissionv1.ValidatingWebhookConfiguration](t, all)
	mutating := get[*admissionv1.MutatingWebhookConfiguration](t, all)
	for _, meta := range []metav1.ObjectMeta{validating.ObjectMeta, mutating.ObjectMeta} {
		want := map[string]string{"cert-manager.io/inject-ca-from": namespace + "/tanist-ca"}
		if diff := cmp.Diff(want, meta.Annotations); diff != "" || meta.Name != namespace+"-tanist" {
			t.Errorf("%s: unexpected name or annotations (-want +got):\n%s", meta.Name, diff)
		}
	}
	list := validating.Webhooks
	for _, w := range mutating.Webhooks {
		if *w.ReinvocationPolicy != admissionv1.IfNeededReinvocationPolicy {
			t.Errorf("%s: is not called again if another webhook adds a container", w.Name)
		}
		list = append(list, admissionv1.ValidatingWebhook{
			Name: w.Name, ClientConfig: w.ClientConfig, Rules: w.Rules, FailurePolicy: w.FailurePolicy, MatchPolicy: w.MatchPolicy,
			NamespaceSelector: w.NamespaceSelector, SideEffects: w.SideEffects, TimeoutSeconds: w.TimeoutSeconds,
			MatchConditions: w.MatchConditions,
		})
	}
	return list
}

// TestWebhooksOfAnInstallationForSomeNamespaces checks that admission is asked about these alone, and about a label that has no effect elsewhere.
func TestWebhooksOfAnInstallationForSomeNamespaces(t *testing.T) {
	for _, w := range webhooks(t, render(t, "watchNamespaces={shop,bank}")) {
		switch w.Name {
		case "tuning.tanist.dev":
		case "namespaces.tanist.dev":
			const want = "object.metadata.?labels[?'tanist.dev/enabled'].orValue('') != 'true' || !(object.metadata.name in ['shop','bank'])"
			if got := w.MatchConditions[len(w.MatchConditions)-1].Expression; got != want {
				t.Errorf("%s: got %s, want %s", w.Name, got, want)
			}
		default:
			selector, err := metav1.LabelSelectorAsSelector(w.NamespaceSelector)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]bool{"shop": true, "bank": true, "other": false, "kube-system": false, namespace: false} {
				set := labels.Set{corev1.LabelMetadataName: name, config.EnabledKey: "true"}
				if got := selector.Matches(set); got != want {
					t.Errorf("%s: called for namespace %s: %t", w.Name, name, got)
				}
			}
		}
	}
}
