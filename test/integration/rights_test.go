//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/install"
)

// account is the account that the chart gives to Tanist. Every replica under test has it, and so the chart's rights and the policies that
// limit what it writes.
var account = accountOf("tanist")

// limitedAccount is the name of an account that no other test gives rights.
const limitedAccount = "limited"

func accountOf(name string) rest.ImpersonationConfig {
	return rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + release + ":" + name,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + release, "system:authenticated"},
	}
}

// account returns the account of the replicas.
func (i *tanist) account() rest.ImpersonationConfig {
	if i.limited {
		return accountOf(limitedAccount)
	}
	return account
}

// rendered is the chart, rendered once, with all that it can allow: leader Services of every type, and evictions.
var rendered = sync.OnceValues(func() ([]*unstructured.Unstructured, error) {
	return install.Render("accountPolicy.externalLeaderServices=true", "afterHandover.evictions=true")
})

// limitAccount installs the policies that limit the account, before any test.
func limitAccount(ctx context.Context, cluster *rest.Config) error {
	return applyRendered(ctx, cluster, func(object *unstructured.Unstructured) bool {
		return strings.HasPrefix(object.GetKind(), "ValidatingAdmissionPolicy")
	})
}

// grant gives the account the rights that it has where the chart is installed in the namespace, until the test ends. With namespaces, it is
// installed for these only.
func (i *tanist) grant(namespaces ...string) {
	i.t.Helper()
	objects, err := rendered()
	if len(namespaces) > 0 {
		objects, err = install.Render("watchNamespaces={"+strings.Join(namespaces, ",")+"}", "serviceAccount.name="+limitedAccount)
	}
	if err != nil {
		i.t.Fatal(err)
	}
	var granted []*unstructured.Unstructured
	if err := applyChosen(i.t.Context(), cluster, objects, func(object *unstructured.Unstructured) bool {
		if !strings.HasSuffix(object.GetAPIVersion(), "rbac.authorization.k8s.io/v1") {
			return false
		}
		if err := i.moved(object); err != nil {
			i.t.Fatal(err)
		}
		granted = append(granted, object)
		return true
	}); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() {
		api, err := client.New(cluster, client.Options{})
		for _, object := range granted {
			err = errors.Join(err, client.IgnoreNotFound(api.Delete(context.WithoutCancel(i.t.Context()), object)))
		}
		if err != nil {
			i.t.Errorf("failed to withdraw the rights: %v", err)
		}
	})
	i.awaitRights(namespaces...)
}

// moved changes a right of the chart's release into one of the same installation in another namespace, for the same account.
func (i *tanist) moved(object *unstructured.Unstructured) error {
	object.SetName(strings.Replace(object.GetName(), release, i.namespace, 1))
	if object.GetNamespace() == release {
		object.SetNamespace(i.namespace)
	}
	if roleRef, found := object.Object["roleRef"].(map[string]any); found {
		roleRef["name"] = strings.Replace(roleRef["name"].(string), release, i.namespace, 1)
	}
	rules, _, err := unstructured.NestedSlice(object.Object, "rules")
	if err != nil || rules == nil {
		return err
	}
	for _, rule := range rules {
		names, _, err := unstructured.NestedStringSlice(rule.(map[string]any), "resourceNames")
		if err != nil {
			return err
		}
		for at, name := range names {
			names[at] = strings.Replace(name, release, i.namespace, 1)
		}
		if names != nil {
			if err := unstructured.SetNestedStringSlice(rule.(map[string]any), names, "resourceNames"); err != nil {
				return err
			}
		}
	}
	return unstructured.SetNestedSlice(object.Object, rules, "rules")
}

// awaitRights waits until the API server knows the rights.
func (i *tanist) awaitRights(namespaces ...string) {
	i.t.Helper()
	awaited := []authorizationv1.ResourceAttributes{
		{Namespace: i.namespace, Verb: "patch", Resource: "configmaps", Name: config.TuningState},
		{Verb: "watch", Group: "admissionregistration.k8s.io", Resource: "validatingwebhookconfigurations", Name: i.namespace + "-tanist"},
	}
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		awaited = append(awaited, authorizationv1.ResourceAttributes{Namespace: namespace, Verb: "watch", Resource: "pods"})
	}
	for _, attributes := range awaited {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: i.account().UserName, Groups: i.account().Groups, ResourceAttributes: &attributes,
		}}
		if err := wait.PollUntilContextTimeout(i.t.Context(), 10*time.Millisecond, waitTimeout, true, func(ctx context.Context) (bool, error) {
			answer, err := clientset.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
			return err == nil && answer.Status.Allowed, err
		}); err != nil {
			i.t.Fatalf("the account does not get the right to %s %s: %v", attributes.Verb, attributes.Resource, err)
		}
	}
}

// awaitNoRights waits until the API server knows that the account has no rights in a namespace.
func (i *tanist) awaitNoRights(namespace string) {
	i.t.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: i.account().UserName, Groups: i.account().Groups, ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: "watch", Resource: "pods"},
	}}
	if err := wait.PollUntilContextTimeout(i.t.Context(), 10*time.Millisecond, waitTimeout, true, func(ctx context.Context) (bool, error) {
		answer, err := clientset.AuthorizationV1().SubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		return err == nil && !answer.Status.Allowed, err
	}); err != nil {
		i.t.Fatalf("the account keeps its rights in namespace %s: %v", namespace, err)
	}
}

// applyRendered applies those objects of the chart that are chosen. The choice may change them.
func applyRendered(ctx context.Context, cluster *rest.Config, choose func(*unstructured.Unstructured) bool) error {
	objects, err := rendered()
	if err != nil {
		return err
	}
	return applyChosen(ctx, cluster, objects, choose)
}

// applyChosen applies those of the objects that are chosen. The choice may change them.
func applyChosen(ctx context.Context, cluster *rest.Config, objects []*unstructured.Unstructured, choose func(*unstructured.Unstructured) bool) error {
	api, err := client.New(cluster, client.Options{})
	if err != nil {
		return err
	}
	for _, object := range objects {
		chosen := object.DeepCopy()
		if !choose(chosen) {
			continue
		}
		if err := api.Apply(ctx, client.ApplyConfigurationFromUnstructured(chosen.DeepCopy()),
			client.FieldOwner("helm"), client.ForceOwnership); err != nil {
			return fmt.Errorf("failed to apply %s %s: %w", chosen.GetKind(), chosen.GetName(), err)
		}
	}
	return nil
}

// policyErrors returns an error if an expression of the policies had no value for something that Tanist wrote. Then it refused nothing.
func policyErrors(ctx context.Context) error {
	text, err := clientset.RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("failed to read the metrics of the API server: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		// What is allowed without an error is not counted.
		if strings.HasPrefix(line, "apiserver_validating_admission_policy_check_total{") &&
			strings.Contains(line, `policy="`+configurations) && strings.Contains(line, `enforcement_action="allow"`) {
			err = errors.Join(err, fmt.Errorf("an expression of a policy failed: %s", line))
		}
	}
	return err
}
