//go:build bench

package bench

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/env"
)

// installation is Tanist as its chart installs it, on real nodes.
type installation struct {
	t      *testing.T
	client kubernetes.Interface
}

// configurationName is the name of both webhook configurations.
const configurationName = tanistNamespace + "-tanist"

// series returns the sums of a metric of both replicas, by the value of one of its labels.
func (i installation) series(ctx context.Context, metric, label string) (map[string]float64, error) {
	pods, err := i.client.CoreV1().Pods(tanistNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=tanist"})
	if err != nil {
		return nil, err
	}
	sums := map[string]float64{}
	for n := range pods.Items {
		text, err := env.Metrics(ctx, i.client, &pods.Items[n])
		if err != nil {
			return nil, err
		}
		if err := addSeries(text, metric, label, sums); err != nil {
			return nil, err
		}
	}
	if len(sums) == 0 {
		return nil, fmt.Errorf("no replica has the metric %s", metric)
	}
	return sums, nil
}

func addSeries(text []byte, metric, label string, sums map[string]float64) error {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("failed to read metrics: %w", err)
	}
	for _, series := range families[metric].GetMetric() {
		for _, pair := range series.GetLabel() {
			if pair.GetName() == label {
				sums[pair.GetValue()] += series.GetCounter().GetValue() + series.GetGauge().GetValue()
			}
		}
	}
	return nil
}

// counts returns a metric's series now.
func (i installation) counts(metric, label string) map[string]float64 {
	i.t.Helper()
	counts, err := i.series(i.t.Context(), metric, label)
	if err != nil {
		i.t.Fatal(err)
	}
	return counts
}

// withoutWebhooks deletes both configurations. restore creates them again as they were, with the CA.
func (i installation) withoutWebhooks() (restore func()) {
	i.t.Helper()
	validating, err := i.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(i.t.Context(), configurationName, metav1.GetOptions{})
	i.must(err)
	mutating, err := i.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(i.t.Context(), configurationName, metav1.GetOptions{})
	i.must(err)
	i.must(i.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Delete(i.t.Context(), configurationName, metav1.DeleteOptions{}))
	i.must(i.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Delete(i.t.Context(), configurationName, metav1.DeleteOptions{}))
	return func() {
		i.t.Helper()
		_, err := i.client.AdmissionregistrationV1().ValidatingWebhookConfigurations().Create(i.t.Context(),
			&admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: anew(validating.ObjectMeta), Webhooks: validating.Webhooks}, metav1.CreateOptions{})
		i.must(err)
		_, err = i.client.AdmissionregistrationV1().MutatingWebhookConfigurations().Create(i.t.Context(),
			&admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: anew(mutating.ObjectMeta), Webhooks: mutating.Webhooks}, metav1.CreateOptions{})
		i.must(err)
	}
}

// anew returns the metadata with which a deleted object can be created again.
func anew(meta metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: meta.Name, Labels: meta.Labels, Annotations: meta.Annotations}
}

// tuned writes a tuning and waits until every replica uses it.
func (i installation) tuned(tuning string) (restore func()) {
	i.t.Helper()
	before, err := i.set(tuning)
	i.must(err)
	return func() {
		i.t.Helper()
		_, err := i.set(before)
		i.must(err)
	}
}

func (i installation) set(tuning string) (before string, err error) {
	configMaps := i.client.CoreV1().ConfigMaps(tanistNamespace)
	old := i.counts("tanist_tuning_info", "hash")
	current, err := configMaps.Get(i.t.Context(), config.TuningConfigMap, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	before = current.Data[config.TuningKey]
	current.Data = map[string]string{config.TuningKey: tuning}
	if _, err := configMaps.Update(i.t.Context(), current, metav1.UpdateOptions{}); err != nil {
		return "", err
	}
	return before, i.await("another tuning is in force", func(ctx context.Context) (bool, error) {
		now, err := i.series(ctx, "tanist_tuning_info", "hash")
		for hash := range now {
			if len(now) == 1 && old[hash] == 0 {
				return true, nil
			}
		}
		return false, err
	})
}

func (i installation) await(what string, holds wait.ConditionWithContextFunc) error {
	if err := wait.PollUntilContextTimeout(i.t.Context(), 50*time.Millisecond, stallTimeout, true, holds); err != nil {
		return fmt.Errorf("failed to see that %s: %w", what, err)
	}
	return nil
}

// led waits until a pod leads a leader Service that is none of the given ones, and returns its name.
func (i installation) led(namespace, service string, but ...string) (leader string) {
	i.t.Helper()
	i.must(i.await(service+" has a leader", func(ctx context.Context) (bool, error) {
		list, err := i.client.DiscoveryV1().EndpointSlices(namespace).List(ctx, metav1.ListOptions{LabelSelector: "kubernetes.io/service-name=" + service})
		if err != nil || len(list.Items) != 1 || !led(&list.Items[0]) {
			return false, err
		}
		leader = list.Items[0].Endpoints[0].TargetRef.Name
		return !slices.Contains(but, leader), nil
	}))
	return leader
}

// makeReady writes the status that a kubelet writes for a pod that is ready.
func (i installation) makeReady(namespace, name, address string) {
	i.t.Helper()
	i.must(wait.PollUntilContextTimeout(i.t.Context(), 10*time.Millisecond, stallTimeout, true, func(ctx context.Context) (bool, error) {
		pod, err := i.client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		pod.Status.PodIP, pod.Status.PodIPs = address, []corev1.PodIP{{IP: address}}
		pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{
			Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now(),
		})
		_, err = i.client.CoreV1().Pods(namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		if apierrors.IsConflict(err) {
			return false, nil // another client has written the status
		}
		return err == nil, err
	}))
}

func (i installation) must(err error) {
	i.t.Helper()
	if err != nil {
		i.t.Fatal(err)
	}
}
