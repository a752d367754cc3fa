package doctor

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"math/big"
	"slices"
	"testing"
	"time"

	certmanagerv1 "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	cmmeta "github.com/cert-manager/cert-manager/pkg/apis/meta/v1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

const system = "tanist-system"

// read returns a reading.
func read[T any](value T) reading[T] { return reading[T]{value: value, found: true} }

// denied returns a reading of what the user may not read.
func denied[T any](what string) reading[T] { return reading[T]{unread: "may not read " + what} }

// none returns a reading of what does not exist.
func none[T any]() reading[T] { return reading[T]{} }

// healthy returns facts of an installation without any problem, with changes.
func healthy(t *testing.T, changes ...func(*facts)) *facts {
	t.Helper()
	certificate, key := selfSigned(t, "tanist."+system+".svc")
	web := gen.WebService()
	leaderService := gen.LeaderOf(web, func(s *corev1.Service) {
		s.Annotations = map[string]string{config.TermKey: "5", config.SuccessorKey: "b2", config.InstallationKey: system}
	})
	f := &facts{
		now: gen.T0, version: "v0.1.0", tanistNamespace: system,
		deployment: read(&appsv1.Deployment{
			Spec:   appsv1.DeploymentSpec{Replicas: new(int32(2)), Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{}}}}},
			Status: appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: 2},
		}),
		replicas: read([]*corev1.Pod{replica("tanist-1"), replica("tanist-2")}),
		leases: read([]*coordinationv1.Lease{lease("tanist"), lease("tanist-tanist-1", func(l *coordinationv1.Lease) {
			l.Annotations = map[string]string{config.AliveKey: "x"}
		})}),
		tuning: read(configMap(config.TuningConfigMap, "{}\n")), state: read(configMap(config.TuningState, "{}\n")),
		metrics:    map[string]reading[samples]{"tanist-1": metrics(t), "tanist-2": metrics(t)},
		validating: read(validating(certificate)), mutating: read(mutating(certificate)),
		secret:      read(&corev1.Secret{Data: map[string][]byte{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key}}),
		certificate: read(issued()),
		trial:       read(trial{about: "Service shop/web", refused: true, took: 5 * time.Millisecond}),
		rights:      read([]right{{attributes: authorizationv1.ResourceAttributes{Verb: "list", Resource: "pods"}, granted: true}}),
		namespaces: read([]*corev1.Namespace{
			namespace("shop", "true"), namespace("off", "false"), {ObjectMeta: metav1.ObjectMeta{Name: "plain"}},
		}),
		services: read([]*corev1.Service{web, leaderService}),
		slices:   read([]*discoveryv1.EndpointSlice{gen.SliceOf(leaderService, discoveryv1.AddressTypeIPv4)}),
		pods:     read([]*corev1.Pod{candidate("a1"), candidate("b2")}),
		budgets:  read([]*policyv1.PodDisruptionBudget(nil)), endpoints: read([]objectName{{"shop", "other"}}),
		workloads: read(map[types.UID]workload{}),
		refusals:  read([]*corev1.Event(nil)), oneNode: read(false),
	}
	for _, change := range changes {
		change(f)
	}
	f.leaders = leadersOf(f)
	return f
}

func replica(name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: name, Labels: map[string]string{versionLabel: "0.1.0"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Image: "tanist:0.1.0"}}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
}

func lease(name string, changes ...func(*coordinationv1.Lease)) *coordinationv1.Lease {
	return gen.Changed(&coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: name},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: new("tanist-1_x"), RenewTime: &metav1.MicroTime{Time: gen.T0}},
	}, changes)
}

func configMap(name, text string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: name}, Data: map[string]string{config.TuningKey: text}}
}

func namespace(name, label string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{config.EnabledKey: label}}}
}

// candidate returns a pod that web selects, with a probe that can be repeated and a drain window.
func candidate(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	return gen.ReadyPod(name, append([]func(*corev1.Pod){func(pod *corev1.Pod) {
		pod.Spec.ReadinessGates = nil
		container := &pod.Spec.Containers[0]
		container.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 8080}}}
		container.Lifecycle = gen.PreStop(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})
	}}, changes...)...)
}

// call calls Tanist's Service with a secret.
func call(name string, bundle []byte) admissionregistrationv1.WebhookClientConfig {
	path := "/0123456789abcdefghijklmnopqrstuvwxyz" + config.WebhookPaths[name]
	return admissionregistrationv1.WebhookClientConfig{
		CABundle: bundle, Service: &admissionregistrationv1.ServiceReference{Namespace: system, Name: "tanist", Path: &path},
	}
}

const mutatingWebhook = "drainwindow.tanist.dev"

func validating(bundle []byte) *admissionregistrationv1.ValidatingWebhookConfiguration {
	c := &admissionregistrationv1.ValidatingWebhookConfiguration{}
	for _, name := range slices.Sorted(maps.Keys(config.WebhookPaths)) {
		if name != mutatingWebhook {
			c.Webhooks = append(c.Webhooks, admissionregistrationv1.ValidatingWebhook{Name: name, ClientConfig: call(name, bundle)})
		}
	}
	return c
}

func mutating(bundle []byte) *admissionregistrationv1.MutatingWebhookConfiguration {
	return &admissionregistrationv1.MutatingWebhookConfiguration{Webhooks: []admissionregistrationv1.MutatingWebhook{
		{Name: mutatingWebhook, ClientConfig: call(mutatingWebhook, bundle)},
	}}
}

func issued() *certmanagerv1.Certificate {
	return &certmanagerv1.Certificate{Status: certmanagerv1.CertificateStatus{
		NotAfter:   &metav1.Time{Time: gen.T0.Add(30 * 24 * time.Hour)},
		Conditions: []certmanagerv1.CertificateCondition{{Type: certmanagerv1.CertificateConditionReady, Status: cmmeta.ConditionTrue}},
	}}
}

// selfSigned returns a certificate that is its own issuer, and its key, as PEM.
func selfSigned(t *testing.T, host string) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: gen.T0.Add(-time.Hour), NotAfter: gen.T0.Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded})
}
