package report

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/tanist-dev/tanist/test/gen"
)

// reported writes a report about namespace shop, and returns its files and what was printed.
func reported(t *testing.T, client kubernetes.Interface) (files map[string]string, printed string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "it.zip")
	o := options{namespace: "shop", tanistNamespace: system, output: name}
	var out, stderr bytes.Buffer
	if err := o.run(t.Context(), client, genericiooptions.IOStreams{Out: &out, ErrOut: &stderr}, "v1.2.3", gen.T0); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files = map[string]string{}
	for _, file := range archive.File {
		content, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(content)
		if err != nil {
			t.Fatal(err)
		}
		files[file.Name] = string(text)
		if strings.HasSuffix(file.Name, ".json") && !json.Valid(text) {
			t.Errorf("%s is not JSON:\n%s", file.Name, text)
		}
	}
	return files, out.String() + stderr.String()
}

func TestNoSecretIsReported(t *testing.T) {
	files, printed := reported(t, serve(t, answers()))
	for name, text := range files {
		for line := range strings.Lines(text) {
			if strings.Contains(line, canary) || strings.Contains(line, pathSecret) {
				t.Errorf("%s has a secret: %s", name, line)
			}
		}
	}
	if strings.Contains(printed, canary) || strings.Contains(printed, pathSecret) {
		t.Errorf("the output has a secret: %s", printed)
	}
}

func TestWhatIsReported(t *testing.T) {
	files, printed := reported(t, serve(t, answers()))
	for name, parts := range map[string][]string{
		"versions.json":                            {`"plugin": "v1.2.3"`, `"server": "v1.37.0"`, `"version": "0.1.0"`, `"image": "registry.example.com/app:1"`},
		"doctor.json":                              {`"kind": "Diagnosis"`, `"id": "leader"`},
		"leaders.json":                             {`"service": "web"`, `"leaderService": "web-leader"`, `"name": "a1"`},
		"tanist/webhooks.json":                     {`"path": "/validate-departures"`, `"hasSecret": true`, `"caBundleBytes": 6`},
		"tanist/deployments.json":                  {`"--password=<left out>"`, `"--v=1"`, `"name": "tanist"`},
		"tanist/pods.json":                         {`"state": "Waiting: CrashLoopBackOff"`, `"lastExitCode": 3`},
		"tanist/leases.json":                       {`"holderIdentity": "tanist-1_x"`},
		"tanist/tanist-tuning.json":                {`"tuning": "commit: {concurrency: 4}"`, `"other"`, `"more"`},
		"tanist/events.json":                       {`"note": "failed calling webhook: Post https://tanist.tanist-system.svc:443/<left out>/validate-departures?timeout=1s: EOF"`},
		"tanist/events-webhooks.json":              {`"note": "not trusted"`},
		"tanist/logs/tanist-1.tanist.log":          {"Leader changed service=shop/web\n", "Bearer <left out>\n"},
		"tanist/logs/tanist-1.tanist.previous.log": {"panic: failed calling webhook"},
		"tanist/metrics/tanist-1.txt":              {"tanist_leader_services 1\n"},
		"namespaces/shop/leases.json":              {`"holderIdentity": "a1_x"`},
		"namespaces/shop/namespace.json":           {`"tanist.dev/enabled": "true"`},
		"namespaces/shop/services.json":            {`"name": "web"`, `"name": "web-leader"`, `"vault.example.com/token"`, `"manager": "kubectl"`},
		"namespaces/shop/endpointslices.json":      {`"addressType": "IPv4"`, `"name": "a1"`},
		"namespaces/shop/pods.json": {
			`"app": "web"`, `"type": "example.com/CaughtUp"`, `"kind": "httpGet"`, `"port": "8080"`, `"ownPreStop": true`, `"ephemeralContainers": 1`, `"name": "sidecar"`,
		},
		"namespaces/shop/events.json": {`"note": "a1 leads: FirstLeader"`, `"reporter": "kubelet"`},
		"contents.json":               {`"kind": "Report"`, `"namespace": "shop"`, `"name": "tanist/webhooks.json"`},
	} {
		for _, part := range parts {
			if !strings.Contains(files[name], part) {
				t.Errorf("%s does not say %s:\n%s", name, part, files[name])
			}
		}
		if name != "contents.json" && !strings.Contains(printed, name+" ") {
			t.Errorf("%s is not printed:\n%s", name, printed)
		}
	}
	for name, part := range map[string]string{
		"namespaces/shop/pods.json": `"name": "stranger"`, "namespaces/shop/events.json": `"name": "stranger"`, "namespaces/shop/services.json": `"name": "plain"`,
	} {
		if strings.Contains(files[name], part) {
			t.Errorf("%s says %s, which is no concern of Tanist's", name, part)
		}
	}
}

func TestWhatCannotBeReadIsListed(t *testing.T) {
	files, printed := reported(t, serve(t, map[string]any{"/version": `{"gitVersion":"v1.37.0"}`}))
	var contents Contents
	if err := json.Unmarshal([]byte(files["contents.json"]), &contents); err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, m := range contents.Missing {
		missing = append(missing, m.What)
		if !strings.HasPrefix(m.Reason, "you have no permission: clerk cannot GET /") {
			t.Errorf("%s is missing because of %s", m.What, m.Reason)
		}
		if !strings.Contains(printed, "- "+m.What+": "+m.Reason) {
			t.Errorf("that %s is missing is not printed:\n%s", m.What, printed)
		}
	}
	want := []string{
		"tanist/webhooks.json: ValidatingWebhookConfiguration tanist-system-tanist", "tanist/webhooks.json: MutatingWebhookConfiguration tanist-system-tanist",
		"tanist/pods.json", "tanist/deployments.json", "tanist/leases.json", "tanist/tanist-tuning.json", "tanist/tanist-state.json", "tanist/events.json",
		"tanist/events-webhooks.json", "Services, and everything about them",
	}
	if diff := cmp.Diff(want, missing); diff != "" {
		t.Errorf("unexpected (-want +got):\n%s", diff)
	}
	if _, found := files["doctor.json"]; !found {
		t.Error("what doctor found is missing, although it needs no right")
	}
}

func TestNoReportIsLeftAfterAnError(t *testing.T) {
	client := fake.NewClientset()
	client.PrependReactor("get", "version", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, errors.New("cut off") })
	folder := t.TempDir()
	o := options{namespace: "shop", tanistNamespace: system, output: filepath.Join(folder, "it.zip")}
	err := o.run(t.Context(), client, genericiooptions.IOStreams{Out: &bytes.Buffer{}, ErrOut: &bytes.Buffer{}}, "v1.2.3", gen.T0)
	if err == nil || err.Error() != "failed to reach the API server: cut off" {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 {
		t.Errorf("%s is left", left[0].Name())
	}
}

// TestAReportThatCannotBeWritten names what the user has given, and not a hidden file.
func TestAReportThatCannotBeWritten(t *testing.T) {
	output := filepath.Join(t.TempDir(), "nonexistent", "x.zip")
	o := options{namespace: "shop", tanistNamespace: system, output: output}
	err := o.run(t.Context(), fake.NewClientset(), genericiooptions.IOStreams{Out: &bytes.Buffer{}, ErrOut: &bytes.Buffer{}}, "v1.2.3", gen.T0)
	if want := "failed to write report " + output + ": no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	err = writeError("x.zip", &os.LinkError{Op: "rename", Old: ".tanist-report-1", New: "x.zip", Err: os.ErrExist})
	if want := "failed to write report x.zip: file already exists"; err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestArgs(t *testing.T) {
	for arg, want := range map[string]string{
		"--v=5": "--v=5", "-v=5": "-v=5", "--metrics-secure=false": "--metrics-secure=false", "--leader-elect": "--leader-elect",
		"--token=x": "--token=<left out>", "--token": "--token=<left out>", "x": "<left out>", "-p=x": "<left out>", "namespace": "<left out>",
	} {
		if got := argOf(arg); got != want {
			t.Errorf("%s is included as %s, want %s", arg, got, want)
		}
	}
}

func TestThePathOfAWebhook(t *testing.T) {
	for path, want := range map[string]string{
		webhookURL: "/validate-departures", "/validate-departures": "/validate-departures", "": "/", "/short/validate-departures": leftOut, "/" + pathSecret: leftOut,
	} {
		call := admissionregistrationv1.WebhookClientConfig{Service: &admissionregistrationv1.ServiceReference{Path: &path}}
		if got := callOf("it", "departures.tanist.dev", call).Path; got != want {
			t.Errorf("path %q is included as %s, want %s", path, got, want)
		}
	}
}

// TestKnownFlags checks that the list has all of Tanist's flags, and no others.
func TestKnownFlags(t *testing.T) {
	source, err := os.ReadFile("../../tanist/app/options.go")
	if err != nil {
		t.Fatal(err)
	}
	var flags []string
	for _, match := range regexp.MustCompile(`flags\.\w+VarP?\(&o\.\w+, "([a-z-]+)"`).FindAllSubmatch(source, -1) {
		flags = append(flags, string(match[1]))
	}
	if diff := cmp.Diff(flags, knownFlags, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("unexpected flags (-Tanist's +known):\n%s", diff)
	}
}
