"""Reader of Vietnamese health XML: insurance claims (GIAMDINHHS) and health examinations (KHAMSUCKHOE).

:func:`stage` makes rows of contract tables out of one file and accounts for every visit (HOSO) in it;
:mod:`warehouse.landing` judges the rows. Sources: QĐ 130/QĐ-BYT (2023), 4750/QĐ-BYT (2023), 3176/QĐ-BYT (2024),
4210/QĐ-BYT (2017), 1551/QĐ-BYT as amended by 2062/QĐ-BYT (2026).
"""

from warehouse.readers.health_xml.opening import SUFFIXES, is_health_xml
from warehouse.readers.health_xml.staging import stage

__all__ = ["SUFFIXES", "is_health_xml", "stage"]
