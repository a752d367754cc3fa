package report

import (
	"maps"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// Deployment is what is included of Tanist's Deployment.
type Deployment struct {
	Meta               `json:",inline"`
	Replicas           *int32              `json:"replicas,omitempty"`
	Strategy           string              `json:"strategy,omitempty"`
	ServiceAccount     string              `json:"serviceAccountName,omitempty"`
	PriorityClass      string              `json:"priorityClassName,omitempty"`
	HostNetwork        bool                `json:"hostNetwork,omitempty"`
	TemplateLabels     map[string]string   `json:"templateLabels,omitempty"`
	Containers         []DeployedContainer `json:"containers"`
	Ready              int32               `json:"readyReplicas"`
	Updated            int32               `json:"updatedReplicas"`
	Available          int32               `json:"availableReplicas"`
	ObservedGeneration int64               `json:"observedGeneration"`
	Conditions         []Condition         `json:"conditions,omitempty"`
}

// DeployedContainer is what is included of a container of Tanist's Deployment.
type DeployedContainer struct {
	Name      string                      `json:"name"`
	Image     string                      `json:"image"`
	Args      []string                    `json:"args,omitempty"`
	Resources corev1.ResourceRequirements `json:"resources"`
	Ports     []corev1.ContainerPort      `json:"ports,omitempty"`
}

// knownFlags are Tanist's flags. None of them has a secret. Of any other argument, such as those of a container that somebody added, no value is
// included.
var knownFlags = []string{
	"namespace", "leader-elect", "metrics-bind-address", "metrics-secure", "health-probe-bind-address", "peer-bind-address", "pprof-address",
	"tracing-endpoint", "webhook-port", "cert-dir", "self-managed-certificates", "watch-namespaces", "webhook-configuration", "v", "version",
	"grants-bind-address", "grants-tls-bind-address",
}

func deploymentOf(d *appsv1.Deployment) Deployment {
	template := &d.Spec.Template
	deployment := Deployment{
		Meta: metaOf(&d.ObjectMeta), Replicas: d.Spec.Replicas, Strategy: string(d.Spec.Strategy.Type), ServiceAccount: template.Spec.ServiceAccountName,
		PriorityClass: template.Spec.PriorityClassName, HostNetwork: template.Spec.HostNetwork, TemplateLabels: template.Labels,
		Ready: d.Status.ReadyReplicas, Updated: d.Status.UpdatedReplicas, Available: d.Status.AvailableReplicas, ObservedGeneration: d.Status.ObservedGeneration,
	}
	for i := range template.Spec.Containers {
		c := &template.Spec.Containers[i]
		one := DeployedContainer{Name: c.Name, Image: c.Image, Resources: c.Resources, Ports: c.Ports}
		for _, arg := range c.Args {
			one.Args = append(one.Args, argOf(arg))
		}
		deployment.Containers = append(deployment.Containers, one)
	}
	for i := range d.Status.Conditions {
		c := &d.Status.Conditions[i]
		deployment.Conditions = append(deployment.Conditions, Condition{string(c.Type), string(c.Status), c.Reason, c.Message, timeOf(&c.LastTransitionTime)})
	}
	return deployment
}

// argOf returns an argument, without the value of a flag that is not Tanist's.
func argOf(arg string) string {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	switch {
	case strings.HasPrefix(arg, "-") && slices.Contains(knownFlags, name):
		return arg
	case strings.HasPrefix(arg, "--"):
		return "--" + name + "=" + leftOut
	}
	return leftOut
}

// Webhook is what is included of a webhook: neither the secret in its path nor the certificate authority.
type Webhook struct {
	Configuration     string                                       `json:"configuration"`
	Name              string                                       `json:"name"`
	Service           string                                       `json:"service,omitempty"`
	Port              *int32                                       `json:"port,omitempty"`
	Path              string                                       `json:"path"`
	HasSecret         bool                                         `json:"hasSecret"`
	HasURL            bool                                         `json:"hasURL,omitempty"`
	CABundleBytes     int                                          `json:"caBundleBytes"`
	FailurePolicy     string                                       `json:"failurePolicy,omitempty"`
	TimeoutSeconds    *int32                                       `json:"timeoutSeconds,omitempty"`
	SideEffects       string                                       `json:"sideEffects,omitempty"`
	Reinvocation      string                                       `json:"reinvocationPolicy,omitempty"`
	Rules             []admissionregistrationv1.RuleWithOperations `json:"rules,omitempty"`
	NamespaceSelector *metav1.LabelSelector                        `json:"namespaceSelector,omitempty"`
	ObjectSelector    *metav1.LabelSelector                        `json:"objectSelector,omitempty"`
	MatchConditions   []admissionregistrationv1.MatchCondition     `json:"matchConditions,omitempty"`
}

// callOf returns what is included of how a webhook is called. Of a path only what Tanist serves is included: whatever stands before it is a secret.
func callOf(configuration, name string, call admissionregistrationv1.WebhookClientConfig) Webhook {
	w := Webhook{Configuration: configuration, Name: name, HasURL: call.URL != nil, CABundleBytes: len(call.CABundle), HasSecret: !config.Unauthenticated(call)}
	_, w.Path = config.SplitAdmissionPath(config.AdmissionPath(call))
	if served := config.WebhookPaths[name]; w.Path != served && w.Path != "/" {
		w.Path = leftOut
	}
	if call.Service != nil {
		w.Service, w.Port = call.Service.Namespace+"/"+call.Service.Name, call.Service.Port
	}
	return w
}

func validatingOf(c *admissionregistrationv1.ValidatingWebhookConfiguration) []Webhook {
	var all []Webhook
	for i := range c.Webhooks {
		h := &c.Webhooks[i]
		w := callOf("ValidatingWebhookConfiguration/"+c.Name, h.Name, h.ClientConfig)
		w.FailurePolicy, w.TimeoutSeconds, w.SideEffects = textOf(h.FailurePolicy), h.TimeoutSeconds, textOf(h.SideEffects)
		w.Rules, w.NamespaceSelector, w.ObjectSelector, w.MatchConditions = h.Rules, h.NamespaceSelector, h.ObjectSelector, h.MatchConditions
		all = append(all, w)
	}
	return all
}

func mutatingOf(c *admissionregistrationv1.MutatingWebhookConfiguration) []Webhook {
	var all []Webhook
	for i := range c.Webhooks {
		h := &c.Webhooks[i]
		w := callOf("MutatingWebhookConfiguration/"+c.Name, h.Name, h.ClientConfig)
		w.FailurePolicy, w.TimeoutSeconds, w.SideEffects, w.Reinvocation = textOf(h.FailurePolicy), h.TimeoutSeconds, textOf(h.SideEffects), textOf(h.ReinvocationPolicy)
		w.Rules, w.NamespaceSelector, w.ObjectSelector, w.MatchConditions = h.Rules, h.NamespaceSelector, h.ObjectSelector, h.MatchConditions
		all = append(all, w)
	}
	return all
}

// secretOf returns the secret in the path of a webhook; empty if there is none.
func secretOf(call admissionregistrationv1.WebhookClientConfig) string {
	secret, _ := config.SplitAdmissionPath(config.AdmissionPath(call))
	return secret
}

// keysBut returns the keys of a ConfigMap but one, sorted.
func keysBut(but string, c *corev1.ConfigMap) []string {
	keys := slices.Collect(maps.Keys(c.Data))
	keys = slices.AppendSeq(keys, maps.Keys(c.BinaryData))
	keys = slices.DeleteFunc(keys, func(key string) bool { return key == but })
	slices.Sort(keys)
	return keys
}
