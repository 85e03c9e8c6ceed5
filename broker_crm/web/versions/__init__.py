"""Published versions: the list, two compared on the drawing and in words, running cases moved."""

from broker_crm.web.versions import migrations, pages

blueprints = (pages.blueprint, migrations.blueprint)
