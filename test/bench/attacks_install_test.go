//go:build bench

package bench

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/transport"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
	"github.com/tanist-dev/tanist/test/install"
)

// target is Tanist as the chart installs it, on a machine whose nodes are simulated: the replicas are processes, with the account, the
// flags and the memory that the chart gives them. The API server calls the first replica, as it would for as long as it keeps its
// connection.
type target struct {
	installation
	replicas []*replica
	// logs count what the replicas log.
	logs lineCounter
	// webhookPort is the port of the first replica's webhooks.
	webhookPort int
	// memoryLimit is the chart's, in bytes.
	memoryLimit int64
}

// newTarget installs the chart, starts two replicas and returns when the API server calls one of them.
func newTarget(t *testing.T, client kubernetes.Interface) *target {
	t.Helper()
	a := &target{installation: installation{t: t, client: client}}
	objects, err := install.Render()
	if err != nil {
		t.Fatal(err)
	}
	createNamespace(t, client)
	deployment := a.apply(objects)
	container := deployment.Spec.Template.Spec.Containers[0]
	a.memoryLimit = container.Resources.Limits.Memory().Value()

	certificates := a.mountCertificate()
	account := a.account(tanistNamespace, "tanist")
	reader := a.metricsReader()
	for range *deployment.Spec.Replicas {
		a.replicas = append(a.replicas, a.newReplica(container, certificates, account, reader))
	}
	for _, r := range a.replicas {
		if _, err := r.start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	a.call()
	return a
}

// apply applies all objects but those that need a kubelet or a replica: it returns the Deployment, which the test itself plays, and
// leaves the webhook configurations to call.
func (a *target) apply(objects []*unstructured.Unstructured) (deployment appsv1.Deployment) {
	a.t.Helper()
	api, err := client.New(adminConfig(a.t), client.Options{})
	a.must(err)
	for _, object := range objects {
		switch {
		case object.GetKind() == "Deployment":
			a.must(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &deployment))
		case install.IsWebhookConfiguration(object):
			if a.webhookPort == 0 {
				a.webhookPort = env.UnusedPort()
			}
			object, err = install.CalledAt(object, a.webhookPort)
			a.must(err)
			fallthrough
		default:
			a.must(errors.Join(install.Reachable(object), install.Apply(a.t.Context(), api, object)))
		}
	}
	return deployment
}

// mountCertificate waits until cert-manager has issued the serving certificate, and returns a folder with it.
func (a *target) mountCertificate() (folder string) {
	a.t.Helper()
	folder = a.t.TempDir()
	a.must(a.await("the serving certificate is issued", func(ctx context.Context) (bool, error) {
		secret, err := a.client.CoreV1().Secrets(tanistNamespace).Get(ctx, "tanist-serving", metav1.GetOptions{})
		if err != nil || len(secret.Data[corev1.TLSCertKey]) == 0 {
			return false, ignoreNotFound(err)
		}
		for _, name := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
			if err := os.WriteFile(filepath.Join(folder, name), secret.Data[name], 0o600); err != nil {
				return false, err
			}
		}
		return true, nil
	}))
	return folder
}

// newReplica returns a replica with the chart's flags, of which the addresses and files are this machine's.
func (a *target) newReplica(container corev1.Container, certificates, kubeconfig, reader string) *replica {
	a.t.Helper()
	r := newReplica(a.t)
	port := a.webhookPort
	if len(a.replicas) > 0 {
		port = env.UnusedPort()
	}
	r.args = append(container.Args, "--webhook-port", strconv.Itoa(port), "--cert-dir", certificates, "--peer-bind-address", env.UnusedAddress())
	// The program takes its limit from its container, which there is none of here.
	r.env = []string{"KUBECONFIG=" + kubeconfig, fmt.Sprintf("GOMEMLIMIT=%d", a.memoryLimit/10*9)}
	r.log = &a.logs
	r.metricsURL = "https://" + r.metrics + "/metrics"
	reads := insecure()
	reads.DialContext = ownAddress.DialContext
	r.reads = &http.Client{Transport: transport.NewBearerAuthRoundTripper(reader, reads)}
	return r
}

// ownAddress is where the measurement reads the metrics from. A replica answers each address only so often, and an attack on the metrics
// comes from 127.0.0.1.
var ownAddress = net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}

// lineCounter counts lines, and shows the first ones.
type lineCounter struct{ lines atomic.Int64 }

// linesShown is how many lines of the log are shown: some attacks cause thousands.
const linesShown = 20

func (c *lineCounter) Write(p []byte) (int, error) {
	if c.lines.Add(int64(bytes.Count(p, []byte("\n")))) > linesShown {
		return len(p), nil
	}
	return os.Stderr.Write(p)
}

// insecure connects to a replica without verifying its certificate, as whoever attacks it would.
func insecure() *http.Transport {
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64}
}

// call returns when the API server calls the webhooks.
func (a *target) call() {
	a.t.Helper()
	const namespace = "bench-calls"
	a.createNamespace(namespace, true)
	wrong := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "wrong", Annotations: map[string]string{config.StrategyKey: "eldest"}},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}},
	}
	a.must(a.await("a wrong Service is refused", func(ctx context.Context) (bool, error) {
		_, err := a.client.CoreV1().Services(namespace).Create(ctx, wrong, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err != nil, nil
	}))
}
