//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// Most tests play the workload controllers: they create ReplicaSets, StatefulSets and their pods themselves, with the names and at the
// moments that they need. In their namespaces a policy refuses what Kubernetes' own controllers would do. A test of those controllers makes
// its namespace with realWorkloads.

const (
	workloadsKey  = "test/workloads"
	realWorkloads = workloadsKey + "=real"

	playedWorkloads = "played-workloads"
	controllerUser  = "system:serviceaccount:kube-system:"
)

// workloadControllers are those that a test plays.
var workloadControllers = []string{
	"deployment-controller", "replicaset-controller", "statefulset-controller", "daemon-set-controller", "job-controller",
}

// playWorkloads creates the policy and waits until it is in force.
func playWorkloads(ctx context.Context, config *rest.Config, c *kubernetes.Clientset) error {
	var users []string
	for _, name := range workloadControllers {
		users = append(users, fmt.Sprintf("'%s%s'", controllerUser, name))
	}
	allScopes, fail, deny := admissionregistrationv1.AllScopes, admissionregistrationv1.Fail, admissionregistrationv1.Deny
	resources := func(group string, names ...string) admissionregistrationv1.NamedRuleWithOperations {
		return admissionregistrationv1.NamedRuleWithOperations{RuleWithOperations: admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{"CREATE", "UPDATE", "DELETE"},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"*"}, Resources: names, Scope: &allScopes},
		}}
	}
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: playedWorkloads},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionregistrationv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
					{Key: workloadsKey, Operator: metav1.LabelSelectorOpIn, Values: []string{"played"}},
				}},
				ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{
					resources("", "pods", "pods/status"), resources("apps", "*", "*/status"), resources("batch", "*", "*/status"),
				},
			},
			MatchConditions: []admissionregistrationv1.MatchCondition{{
				Name: "controllers", Expression: "request.userInfo.username in [" + strings.Join(users, ", ") + "]",
			}},
			Validations: []admissionregistrationv1.Validation{{Expression: "false", Message: "the test plays this controller"}},
		},
	}
	api := c.AdmissionregistrationV1()
	if _, err := api.ValidatingAdmissionPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil {
		return err
	}
	if _, err := api.ValidatingAdmissionPolicyBindings().Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: playedWorkloads},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: playedWorkloads, ValidationActions: []admissionregistrationv1.ValidationAction{deny},
		},
	}, metav1.CreateOptions{}); err != nil {
		return err
	}
	return waitPlayed(ctx, config, c)
}

// waitPlayed tries to create a pod as a controller, in a namespace of tests, until the policy refuses.
func waitPlayed(ctx context.Context, config *rest.Config, c *kubernetes.Clientset) error {
	namespace, err := c.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "played-", Labels: map[string]string{workloadsKey: "played"}},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	identity := rest.CopyConfig(config)
	identity.Impersonate = rest.ImpersonationConfig{UserName: controllerUser + workloadControllers[0], Groups: []string{"system:masters"}}
	controller, err := kubernetes.NewForConfig(identity)
	if err != nil {
		return err
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "tried"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "none"}}},
	}
	return wait.PollUntilContextTimeout(ctx, metricsInterval, waitTimeout, true, func(ctx context.Context) (bool, error) {
		_, err := controller.CoreV1().Pods(namespace.Name).Create(ctx, pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err != nil && strings.Contains(err.Error(), playedWorkloads), nil
	})
}
