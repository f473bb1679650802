"""From an event to the message: through a real mail server, and a webhook receiver that fails, hangs and recovers."""

import pytest
from aliyun.log.resource_params import ResourceRecord

from alerts import logstore_of_everything, rule
from conftest import root_key
from logs import log_client, through
from node import wait_until
from receivers import AUTHORITY, PASSWORD, USER, MailServer, Receiver

PROJECT = "notifications"
TEMPLATE = 'template_id="tests.template", period="any"'
SCRIPT = f"""fire(type="email", users=["alice-at-night"], {TEMPLATE})
fire(type="webhook_integration", integration_type="custom", webhook_id="the-receiver", {TEMPLATE})
"""


@pytest.fixture
def mail():
    with MailServer() as server:
        yield server


@pytest.fixture
def receiver():
    with Receiver(500, "hang") as server:
        yield server


def put(client, resource: str, record_id: str, tag: str, value: dict):
    client.create_resource_record(resource, ResourceRecord(record_id, tag, value))


def test_an_alert_arrives_by_mail_and_at_a_receiver_that_recovers(start_node, tmp_path, mail, receiver):
    password = tmp_path / "password"
    password.write_text(PASSWORD + "\n")
    node = start_node(
        CAIRN_ALERTING_ALLOW_LOOPBACK="true",
        CAIRN_ALERTING_PUBLIC_URL="https://cairn.example.test",
        CAIRN_ALERTING_SMTP_HOST="localhost",
        CAIRN_ALERTING_SMTP_PORT=str(mail.port),
        CAIRN_ALERTING_SMTP_ENCRYPTION="starttls",
        CAIRN_ALERTING_SMTP_USER=USER,
        CAIRN_ALERTING_SMTP_PASSWORD_FILE=str(password),
        CAIRN_ALERTING_SMTP_CA_FILE=str(AUTHORITY),
        CAIRN_ALERTING_SMTP_FROM="Cairn <audit@cairn.test>",
    )
    root = root_key(node)
    with through(node.port):
        client = log_client(root)
        logstore = logstore_of_everything(client, root, node.key["account_id"], PROJECT, "everything")
        alice = {"user_id": "alice-at-night", "user_name": "Alice", "email": ["alice@example.net"], "enabled": True}
        put(client, "sls.common.user", "alice-at-night", "Alice", alice)
        hook = {
            "id": "the-receiver",
            "name": "hook",
            "type": "custom",
            "url": receiver.url,
            "method": "POST",
            "headers": [],
        }
        put(client, "sls.alert.action_webhook", "the-receiver", "hook", hook)
        template = {
            "template_id": "tests.template",
            "template_name": "tests",
            "templates": {
                "email": {
                    "locale": "en-US",
                    "subject": "Alert: {{ alert_name }}",
                    "content": "<b>{{ labels.team }}</b>",
                },
                "webhook": {"send_type": "batch", "content": '{"rule": "{{ alert_id }}", "status": "{{ status }}"}'},
            },
        }
        put(client, "sls.alert.content_template", "tests.template", "tests", template)
        policy = {
            "action_policy_id": "tests.policy",
            "action_policy_name": "tests",
            "primary_policy_script": SCRIPT,
            "secondary_policy_script": "",
        }
        put(client, "sls.alert.action_policy", "tests.policy", "tests", policy)
        policies = {"alertPolicyId": "sls.builtin.dynamic", "actionPolicyId": "tests.policy", "repeatInterval": "2h"}
        client.create_alert(PROJECT, rule("told-to-alice", PROJECT, logstore, policyConfiguration=policies))

        (message,) = wait_until(lambda: mail.to("alice@example.net"), "the mail", seconds=150)
        assert message["Subject"] == "Alert: The rule told-to-alice"
        assert message["Auto-Submitted"] == "auto-generated"
        html = message.get_body(("html",)).get_content()
        assert html.startswith("<b>security</b>") and "https://cairn.example.test/alerts/detail?token=" in html

        # 500, hanging, and then it has recovered: pauses of 5 and 15 seconds lie between.
        taken = wait_until(receiver.taken, "the webhook", seconds=150)
        assert [body for _, body in taken] == [[{"rule": "told-to-alice", "status": "firing"}]]
        assert len({headers["x-cairn-notification"] for _, headers, _ in receiver.seen}) == 1, "one id at every attempt"
        assert [how for how, _, _ in receiver.seen] == [500, "hang", 200]
