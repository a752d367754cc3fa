//go:build chart

package deploy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func quantity(t *testing.T, text string) resource.Quantity {
	t.Helper()
	parsed, err := resource.ParseQuantity(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestImage checks the image's full name.
func TestImage(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0", 64)
	cases := map[string]struct {
		values []string
		want   string
	}{
		"the repository alone":    {want: "registry.example.com/tanist:0.1.0"},
		"with a registry":         {[]string{"image.registry=mirror.example.com", "image.repository=team/tanist"}, "mirror.example.com/team/tanist:0.1.0"},
		"a registry with a port":  {[]string{"image.repository=registry:5000/team/tanist"}, "registry:5000/team/tanist:0.1.0"},
		"with a tag":              {[]string{"image.tag=1.2"}, "registry.example.com/tanist:1.2"},
		"with a digest":           {[]string{"image.digest=" + digest}, "registry.example.com/tanist:0.1.0@" + digest},
		"with a tag and a digest": {[]string{"image.tag=1.2", "image.digest=" + digest}, "registry.example.com/tanist:1.2@" + digest},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if _, container := pod(t, render(t, test.values...)); container.Image != test.want {
				t.Errorf("got %s, want %s", container.Image, test.want)
			}
		})
	}
}

// TestPodValues checks that each value for the pods arrives where it belongs.
func TestPodValues(t *testing.T) {
	all := render(t,
		"imagePullSecrets[0].name=registry", "affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight=7",
		"affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].key=k",
		"affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].preference.matchExpressions[0].operator=Exists",
		"nodeSelector.pool=system", "tolerations[0].key=dedicated", "tolerations[0].operator=Exists",
		"topologySpreadConstraints[0].labelSelector.matchLabels.mine=yes", "topologySpreadConstraints[0].maxSkew=1",
		"topologySpreadConstraints[0].topologyKey=rack", "topologySpreadConstraints[0].whenUnsatisfiable=DoNotSchedule", "podSecurityContext.runAsUser=65532",
		"extraArgs[0]=--leader-elect=false", "extraEnv[0].name=GOMEMLIMIT", "extraEnv[0].value=1GiB", "resources.requests.cpu=1",
		"podAnnotations.a=pod", "podLabels.b=pod", "commonLabels.c=all", "annotations.d=deployment", "terminationGracePeriodSeconds=60", "revisionHistoryLimit=3",
		"service.annotations.e=service", "metrics.service.annotations.f=metrics", "serviceAccount.annotations.g=account",
		// None of these may replace what selectors and checks rely on.
		`podLabels.app\.kubernetes\.io/name=other`, `commonLabels.app\.kubernetes\.io/instance=other`, `podLabels.tanist\.dev/rules=other`,
		`commonLabels.app\.kubernetes\.io/component=other`,
	)
	deployment := get[*appsv1.Deployment](t, all)
	template, container := pod(t, all)
	spec := template.Spec
	for what, got := range map[string][2]any{
		"pull secrets":    {[]corev1.LocalObjectReference{{Name: "registry"}}, spec.ImagePullSecrets},
		"affinity":        {int32(7), spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution[0].Weight},
		"node selector":   {map[string]string{"pool": "system"}, spec.NodeSelector},
		"tolerations":     {[]corev1.Toleration{{Key: "dedicated", Operator: corev1.TolerationOpExists}}, spec.Tolerations},
		"user":            {int64(65532), *spec.SecurityContext.RunAsUser},
		"last argument":   {"--leader-elect=false", container.Args[len(container.Args)-1]},
		"environment":     {corev1.EnvVar{Name: "GOMEMLIMIT", Value: "1GiB"}, container.Env[len(container.Env)-1]},
		"CPU":             {"1", container.Resources.Requests.Cpu().String()},
		"pod annotations": {map[string]string{"a": "pod"}, template.Annotations},
		"annotations":     {map[string]string{"d": "deployment"}, deployment.Annotations},
		"grace period":    {int64(60), *spec.TerminationGracePeriodSeconds},
		"history":         {int32(3), *deployment.Spec.RevisionHistoryLimit},
		"own constraint":  {map[string]string{"mine": "yes"}, spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels},
		"Service":         {map[string]string{"e": "service"}, get[*corev1.Service](t, all, "tanist").Annotations},
		"metrics Service": {map[string]string{"f": "metrics"}, get[*corev1.Service](t, all, "tanist-metrics").Annotations},
		"account":         {map[string]string{"g": "account"}, get[*corev1.ServiceAccount](t, all).Annotations},
		"pod label":       {"pod", template.Labels["b"]},
		"name":            {"tanist", template.Labels["app.kubernetes.io/name"]},
		"instance":        {"tanist", template.Labels["app.kubernetes.io/instance"]},
		"rules":           {"1", template.Labels["tanist.dev/rules"]},
		"component":       {"metrics", get[*corev1.Service](t, all, "tanist-metrics").Labels["app.kubernetes.io/component"]},
	} {
		if diff := cmp.Diff(got[0], got[1]); diff != "" {
			t.Errorf("unexpected %s (-want +got):\n%s", what, diff)
		}
	}
	for _, object := range all {
		if object.GetLabels()["c"] != "all" {
			t.Errorf("%s %s lacks the common label", object.GetObjectKind().GroupVersionKind().Kind, object.GetName())
		}
	}
}

// TestSpread checks that replicas are spread over nodes and zones unless that would keep one from running.
func TestSpread(t *testing.T) {
	template, _ := pod(t, renderDefault(t))
	got := map[string]corev1.UnsatisfiableConstraintAction{}
	for _, constraint := range template.Spec.TopologySpreadConstraints {
		got[constraint.TopologyKey] = constraint.WhenUnsatisfiable
		if diff := cmp.Diff([]string{"pod-template-hash"}, constraint.MatchLabelKeys); diff != "" || constraint.MaxSkew != 1 {
			t.Errorf("skew %d, label keys (-want +got):\n%s", constraint.MaxSkew, diff)
		}
	}
	want := map[string]corev1.UnsatisfiableConstraintAction{
		corev1.LabelHostname: corev1.ScheduleAnyway, corev1.LabelTopologyZone: corev1.ScheduleAnyway,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected spread (-want +got):\n%s", diff)
	}
}

// TestAnotherServiceAccount checks that the pods, the rights, the policies and the webhooks mean the same account.
func TestAnotherServiceAccount(t *testing.T) {
	for name, create := range map[string]string{"created": "true", "found": "false"} {
		t.Run(name, func(t *testing.T) {
			text, err := helm("template", "tanist", ".", "--namespace", namespace, "--set", image,
				"--set", "serviceAccount.name=robot", "--set", "serviceAccount.create="+create)
			if err != nil {
				t.Fatal(err)
			}
			all := decode(t, text)
			if template, _ := pod(t, all); template.Spec.ServiceAccountName != "robot" {
				t.Errorf("the pods have the account %s", template.Spec.ServiceAccountName)
			}
			if strings.Contains(text, "system:serviceaccount:tanist-system:tanist'") || strings.Contains(text, "ServiceAccount, name: tanist,") {
				t.Error("the account tanist is still named")
			}
			// Three policies, the webhook of Services, two bindings, the FlowSchema.
			if users, subjects := strings.Count(text, "system:serviceaccount:tanist-system:robot'"), strings.Count(text, "name: robot, namespace: tanist-system}"); users != 4 || subjects != 3 {
				t.Errorf("%d expressions and %d subjects name the account", users, subjects)
			}
			if created := strings.Contains(text, "\nkind: ServiceAccount\n"); created != (create == "true") {
				t.Errorf("the account is in the objects: %v", created)
			}
		})
	}
}
