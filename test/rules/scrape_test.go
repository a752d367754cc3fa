package rules_test

import (
	"os"
	"strings"
	"testing"

	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v3"
)

// TestTheScrapeConfiguration checks the example in the documentation, as Prometheus does. What finds the targets is not checked: that part of
// Prometheus needs a whole client of Kubernetes.
func TestTheScrapeConfiguration(t *testing.T) {
	page, err := os.ReadFile("../../docs/installing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(page), "```yaml\nscrape_configs:\n")
	example, _, foundEnd := strings.Cut(example, "```")
	if !found || !foundEnd {
		t.Fatal("the page has no example")
	}
	var jobs []struct {
		Name      string                  `yaml:"job_name"`
		Scheme    string                  `yaml:"scheme"`
		Honor     bool                    `yaml:"honor_labels"`
		HTTP      config.HTTPClientConfig `yaml:",inline"`
		Discovery []struct {
			Role       string `yaml:"role"`
			Namespaces struct {
				Names []string `yaml:"names"`
			} `yaml:"namespaces"`
		} `yaml:"kubernetes_sd_configs"`
		Relabel []*relabel.Config `yaml:"relabel_configs"`
	}
	decoder := yaml.NewDecoder(strings.NewReader(example))
	decoder.KnownFields(true)
	if err := decoder.Decode(&jobs); err != nil {
		t.Fatal(err)
	}
	if len(jobs) != 1 || jobs[0].Scheme != "https" || !jobs[0].Honor || len(jobs[0].Discovery) != 1 || jobs[0].Discovery[0].Role != "endpointslice" {
		t.Fatalf("unexpected jobs: %+v", jobs)
	}
	if err := jobs[0].HTTP.Validate(); err != nil {
		t.Error(err)
	}
	if jobs[0].HTTP.Authorization == nil || jobs[0].HTTP.TLSConfig.ServerName != "tanist.tanist-system.svc" || jobs[0].HTTP.TLSConfig.InsecureSkipVerify {
		t.Errorf("unexpected client: %+v", jobs[0].HTTP)
	}
	for _, rule := range jobs[0].Relabel {
		if err := rule.Validate(model.LegacyValidation); err != nil {
			t.Error(err)
		}
	}
}
