//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

// issued is the chain a webhook's installation needs: a CA of its own, a leaf of that CA, and its trust in a webhook configuration.
const issued = `
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: self-signed, namespace: default}
spec: {selfSigned: {}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: ca, namespace: default}
spec: {isCA: true, commonName: ca, secretName: ca, issuerRef: {name: self-signed}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: ca, namespace: default}
spec: {ca: {secretName: ca}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: leaf, namespace: default}
spec: {dnsNames: [web.default.svc], secretName: leaf, issuerRef: {name: ca}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: web, annotations: {cert-manager.io/inject-ca-from: default/ca}}
webhooks:
- name: web.tanist.dev
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig: {service: {name: web, namespace: default}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [DELETE], resources: [configmaps]}]
  failurePolicy: Ignore
`

var resources = map[string]schema.GroupVersionResource{
	"Issuer":      {Group: "cert-manager.io", Version: "v1", Resource: "issuers"},
	"Certificate": {Group: "cert-manager.io", Version: "v1", Resource: "certificates"},
}

func certManager(t *testing.T, conf *rest.Config) {
	client, err := dynamic.NewForConfig(conf)
	if err != nil {
		t.Fatal(err)
	}
	webhooks := schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"}
	for doc := range strings.SplitSeq(issued, "---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc), &object.Object); err != nil {
			t.Fatal(err)
		}
		var create dynamic.ResourceInterface = client.Resource(webhooks)
		if gvr, namespaced := resources[object.GetKind()]; namespaced {
			create = client.Resource(gvr).Namespace(ns)
		}
		if _, err := create.Create(t.Context(), object, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	core, err := kubernetes.NewForConfig(conf)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "CA and leaf are issued and the CA is injected", func(ctx context.Context) (bool, error) {
		leaf, err := core.CoreV1().Secrets(ns).Get(ctx, "leaf", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		w, err := core.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		bundle := string(w.Webhooks[0].ClientConfig.CABundle)
		if len(leaf.Data["tls.crt"]) == 0 || bundle == "" || !strings.Contains(bundle, strings.TrimSpace(string(leaf.Data["ca.crt"]))) {
			return false, fmt.Errorf("leaf of %d bytes, bundle of %d bytes", len(leaf.Data["tls.crt"]), len(bundle))
		}
		return true, nil
	})
}
